/* One user more for the page's slot. Returns: its address; NULL: no slot. */
static void *slot_use_locked(struct page *page, pfn_t pfn)
	MUST_HOLD(&kmap_lock)
{
	unsigned slot;

	debug_assert_held(&kmap_lock);
	if (page->kmap)
		slot = page->kmap - 1u;
	else if (nr_used < LAB_SLOTS)
		slot = slot_take_locked(page, pfn);
	else
		return NULL;
	if (slot_count[slot] < 2) {
		slot_count[slot] = 1;
		nr_used++;
	}
	slot_count[slot]++;
	return kva_to_ptr(slot_kva(slot));
}

void *kmap_try(struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	irqflags_t flags;
	void *ptr;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	if (pfn_lt(pfn, max_low_pfn))
		return page_address(page);
	flags = spin_lock_irqsave(&kmap_lock);
	ptr = slot_use_locked(page, pfn);
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (ptr)
		held_add(1);
	return ptr;
}
