/* Would the zone have fewer pages than its floor without the block? */
static bool below_floor(const struct zone *zone, unsigned order,
			unsigned long floor)
{
	unsigned long free = READ_ONCE(zone->nr_free), size = 1ul << order;

	return free < size || free - size < floor;
}

/* Take a block from the first zone that still has its floor afterwards. */
static struct page *take_from_zones(gfp_t gfp, unsigned order,
				    enum watermark mark)
{
	struct zone *const *next = zonelists[gfp & GFP_ZONES];
	struct page *page = NULL;
	struct zone *zone;

	while (!page && (zone = *next++) != NULL) {
		unsigned long floor = zone_floor(zone, gfp, mark);

		if (below_floor(zone, order, floor))
			continue;
		if (order < PCP_ORDERS)
			page = zone_take_small(zone, order, floor);
		else
			page = zone_take_large(zone, order);
	}
	return page;
}
