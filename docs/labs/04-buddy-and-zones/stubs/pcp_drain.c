static void pcp_drain(struct zone *zone, unsigned order, unsigned nr)
{
	struct pcp_list *pcp = zone_pcp(zone, order);

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	caller_must(nr <= pcp->count, "drain no more blocks than there are");
	LAB_TODO(8);
}
