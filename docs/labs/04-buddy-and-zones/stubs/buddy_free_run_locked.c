void buddy_free_run_locked(struct zone *zone, struct page *page,
			   unsigned long nr)
{
	uint32_t pfn = page_to_pfn(page).v;

	debug_caller_must(pfn >= zone->start.v && pfn + nr <= zone->end.v,
			  "give pages of this zone");
	assert_held(&zone->lock);
	LAB_TODO(3);
}
