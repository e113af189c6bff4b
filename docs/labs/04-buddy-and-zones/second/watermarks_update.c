/* What zone i keeps back from requests for the zones above it. */
static void set_reserves(unsigned i)
{
	unsigned long above = 0;

	for (unsigned j = i + 1; j < MAX_NR_ZONES; j++) {
		above += zones[j].managed;
		zones[i].lowmem_reserve[j] = above / lowmem_reserve_ratio[i];
	}
}

/* The zones of a request. Each place behind the last zone is NULL. */
static void set_zonelist(gfp_t gfp)
{
	struct zone **next = zonelists[gfp];
	struct zone **end = next + MAX_NR_ZONES + 1;

	for (unsigned above = gfp_zone(gfp) + 1; above > 0; above--)
		if (zones[above - 1].managed > 0)
			*next++ = &zones[above - 1];
	while (next < end)
		*next++ = NULL;
}

static struct zone *fast_zone(gfp_t gfp)
{
	struct zone *first = zonelists[gfp & GFP_ZONES][0];

	return first && !(gfp & GFP_ZERO) ? first : &no_zone;
}

void watermarks_update(void)
{
	unsigned long lowmem = zones[ZONE_DMA].managed +
			       zones[ZONE_NORMAL].managed;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (zones[i].managed > 0)
			set_marks(&zones[i], lowmem);
		set_reserves(i);
	}
	for (gfp_t gfp = 0; gfp <= GFP_ZONES; gfp++)
		set_zonelist(gfp);
	for (gfp_t gfp = 0; gfp <= GFP_FAST; gfp++)
		fast_zones[gfp] = fast_zone(gfp);
}
