/* Take the block off list `order` that was put on it last, or first. */
static struct page *pop_block(struct zone *zone, unsigned order)
{
	struct page *page = LAB_TAKE_OLDEST ?
		list_last_entry(&zone->free[order], struct page, list) :
		list_first_entry(&zone->free[order], struct page, list);
	pfn_t pfn = page_to_pfn(page);

	unlist_block(zone, page, order);
	if (order == MAX_ORDER && pageblock_state(pfn) == PAGEBLOCK_VIRGIN)
		pageblock_make_live(pfn);
	return page;
}

struct page *buddy_alloc_locked(struct zone *zone, unsigned order)
{
	struct page *page;
	unsigned found;

	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	found = buddy_smallest_order(zone, order);
	if (found > MAX_ORDER)
		return NULL;
	page = pop_block(zone, found);
	zone->nr_free -= 1ul << order;
	while (found > order) {
		found--;
		list_block(zone, page + (LAB_KEEP_UPPER ? 0 : 1u << found),
			   found);
		page += LAB_KEEP_UPPER ? 1u << found : 0;
	}
	return page;
}
