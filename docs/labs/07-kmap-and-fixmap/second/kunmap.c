/* Returns: false: the page has no slot with a user. Nothing has changed. */
static bool slot_unuse_locked(const struct page *page) MUST_HOLD(&kmap_lock)
{
	unsigned *count;

	debug_assert_held(&kmap_lock);
	if (!page->kmap)
		return false;
	count = &slot_count[page->kmap - 1];
	if (*count < 2)
		return false;
	if (--*count == 1)
		nr_used--;
	return true;
}

void kunmap(struct page *page)
{
	irqflags_t flags;
	bool was_used;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	if (!page_is_highmem(page))
		return;
	flags = spin_lock_irqsave(&kmap_lock);
	was_used = slot_unuse_locked(page);
	spin_unlock_irqrestore(&kmap_lock, flags);
	if (!was_used)
		refuse_kunmap(page);
	held_add(-1);
	if (!list_empty(&slot_freed.waiters))
		wake_up_one(&slot_freed);
}
