/* How many blocks may the list get, so that the zone keeps its floor? */
static unsigned refill_size(const struct zone *zone, unsigned batch,
			    unsigned order, unsigned long floor)
{
	unsigned long spare;

	if (zone->nr_free <= floor)
		return 0;
	spare = (zone->nr_free - floor) >> order;
	return spare < batch ? (unsigned)spare : batch;
}

bool pcp_refill(struct zone *zone, unsigned order, unsigned long floor)
{
	struct pcp_list *pcp = zone_pcp(zone, order);
	unsigned need;

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	caller_must(pcp->count == 0, "refill a list that is empty");
	spin_lock_irqoff(&zone->lock);
	need = refill_size(zone, pcp->batch, order, floor);
	while (need > 0) {
		unsigned found = buddy_smallest_order(zone, order);
		struct page *page;
		unsigned n;

		if (found > MAX_ORDER)
			break;
		n = MIN(found - order, ilog2(need));
		page = buddy_alloc_locked(zone, order + n);
		assert(page);
		cut_block(pcp, page, n, order);
		need -= 1u << n;
	}
	spin_unlock_irqoff(&zone->lock);
	return pcp->count > 0;
}
