/* Pages that the zones of lowmem keep together. */
static unsigned long lowmem_min(unsigned long lowmem)
{
	uint32_t kbytes = int_sqrt((uint32_t)(16 * (lowmem * KB_PER_PAGE)));

	return MAX(kbytes, MIN_FREE_KBYTES_MIN) / KB_PER_PAGE;
}

static void set_marks(struct zone *zone, unsigned long lowmem)
{
	unsigned long min, step;

	assert(lowmem > 0);   /* at least mem_map lies there */
	if (zone->type == ZONE_HIGHMEM)
		min = clamp_ul(zone->managed / 1024, HIGHMEM_MIN_LEAST,
			       HIGHMEM_MIN_MOST);
	else
		min = (unsigned long)div_u64((uint64_t)lowmem_min(lowmem) *
					     zone->managed, (uint32_t)lowmem);
	step = MAX(min / LAB_STEP_DIVISOR, zone->managed / 1000);
	zone->min = min;
	zone->low = min + step;
	zone->high = min + 2 * step;
}
