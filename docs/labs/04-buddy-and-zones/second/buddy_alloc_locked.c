/* Take the block off list `order` that was put on it last. */
static struct page *pop_block(struct zone *zone, unsigned order)
{
	struct page *page = list_first_entry(&zone->free[order], struct page,
					     list);
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
	/*
	 * All splits keep the same head. So the upper half of order n begins
	 * 2^n pages behind this head.
	 */
	for (unsigned n = order; n < found; n++)
		list_block(zone, page + (1u << n), n);
	zone->nr_free -= 1ul << order;
	return page;
}
