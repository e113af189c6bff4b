/* The largest order of a block that begins at pfn and has at most nr pages. */
static unsigned order_at(uint32_t pfn, unsigned long nr)
{
	/* The bit makes frame 0 a number that has a lowest one, too. */
	unsigned aligned = (unsigned)__builtin_ctz(pfn | 1u << MAX_ORDER);

	return nr >> aligned ? aligned : ilog2(nr);
}

void buddy_free_run_locked(struct zone *zone, struct page *page,
			   unsigned long nr)
{
	uint32_t pfn = page_to_pfn(page).v;

	debug_caller_must(pfn >= zone->start.v && pfn + nr <= zone->end.v,
			  "give pages of this zone");
	assert_held(&zone->lock);
	while (nr > 0) {
		unsigned order = order_at(pfn, nr);
		uint32_t size = 1u << order;

		buddy_free_locked(zone, page, order);
		page += size;
		pfn += size;
		nr -= size;
	}
}
