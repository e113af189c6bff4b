static unsigned slot_take_locked(struct page *page, pfn_t pfn)
	MUST_HOLD(&kmap_lock)
{
	debug_assert_held(&kmap_lock);
	debug_caller_must(nr_used < LAB_SLOTS, "see that a slot can be had");
	debug_caller_must(!page->kmap, "take the slot that the page has");
	LAB_TODO(2);
	return 0;
}
