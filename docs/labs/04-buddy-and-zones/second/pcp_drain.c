/* Give the oldest or the newest nr blocks back to the buddy lists. */
static void pcp_drain(struct zone *zone, unsigned order, unsigned nr)
{
	struct pcp_list *pcp = zone_pcp(zone, order);
	unsigned first = LAB_DRAIN_NEWEST ? pcp->count - nr : 0, done = 0;

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	caller_must(nr <= pcp->count, "drain no more blocks than there are");
	if (nr == 0)
		return;
	spin_lock_irqoff(&zone->lock);
	while (done < nr)
		done += drain_run(zone, &pcp->blocks[first + done], nr - done,
				  order);
	spin_unlock_irqoff(&zone->lock);
	pcp->count -= nr;
	if (!LAB_DRAIN_NEWEST)
		memmove(pcp->blocks, &pcp->blocks[nr],
			pcp->count * sizeof(pcp->blocks[0]));
}
