/* The buddy of a block below MAX_ORDER, if it is free as a whole; or NULL. */
static struct page *free_buddy(struct page *page, uint32_t pfn, unsigned order)
{
	uint32_t size = 1u << order;
	struct page *buddy = pfn & size ? page - size : page + size;

	return is_free_head(buddy, order) ? buddy : NULL;
}

void buddy_free_locked(struct zone *zone, struct page *page, unsigned order)
{
	uint32_t pfn = page_to_pfn(page).v;
	struct page *buddy;

	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER,
		    "give a block of an order up to MAX_ORDER");
	debug_caller_must(IS_ALIGNED(pfn, 1u << order),
			  "give the first page of a block: it is aligned to its order");
	debug_caller_must(zone_contains(zone, PFN(pfn)),
			  "give a block of this zone");
	debug_caller_must(page->state != PAGE_FREE,
			  "free a block once: this one is free");
	zone->nr_free += 1ul << order;
	page->state_order = STATE_ORDER(PAGE_TAIL, 0);
	while (order < MAX_ORDER &&
	       (buddy = free_buddy(page, pfn, order)) != NULL) {
		unlist_block(zone, buddy, order);   /* it says PAGE_TAIL now */
		if (buddy < page) {
			page = buddy;
			pfn -= 1u << order;
		}
		order++;
	}
	list_block(zone, page, order);
}
