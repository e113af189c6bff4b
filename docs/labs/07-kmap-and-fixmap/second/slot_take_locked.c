/* The unused slots are emptied at the end of a lap, or also at its half. */
static void lap_flush_locked(void) MUST_HOLD(&kmap_lock)
{
	debug_assert_held(&kmap_lock);
	if (cursor == LAB_SLOTS ||
	    (LAB_FLUSHES == 2 && cursor == LAB_SLOTS / 2))
		flush_unused_locked();
	if (cursor == LAB_SLOTS)
		cursor = 0;
}

static unsigned slot_take_locked(struct page *page, pfn_t pfn)
	MUST_HOLD(&kmap_lock)
{
	unsigned slot;

	debug_assert_held(&kmap_lock);
	debug_caller_must(nr_used < LAB_SLOTS, "see that a slot can be had");
	debug_caller_must(!page->kmap, "take the slot that the page has");
	do {
		lap_flush_locked();
		slot = LAB_DOWN ? LAB_SLOTS - 1 - cursor : cursor;
		cursor++;
	} while (slot_count[slot]);
	pkmap_map(slot, pfn);
	slot_page[slot] = page;
	page->kmap = (uint16_t)(slot + 1);
	return slot;
}
