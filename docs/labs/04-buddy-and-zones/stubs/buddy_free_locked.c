void buddy_free_locked(struct zone *zone, struct page *page, unsigned order)
{
	uint32_t pfn = page_to_pfn(page).v;

	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER,
		    "give a block of an order up to MAX_ORDER");
	debug_caller_must(IS_ALIGNED(pfn, 1u << order),
			  "give the first page of a block: it is aligned to its order");
	debug_caller_must(zone_contains(zone, PFN(pfn)),
			  "give a block of this zone");
	debug_caller_must(page->state != PAGE_FREE,
			  "free a block once: this one is free");
	LAB_TODO(2);
}
