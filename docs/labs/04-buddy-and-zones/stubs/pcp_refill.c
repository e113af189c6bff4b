bool pcp_refill(struct zone *zone, unsigned order, unsigned long floor)
{
	struct pcp_list *pcp = zone_pcp(zone, order);

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	caller_must(pcp->count == 0, "refill a list that is empty");
	LAB_TODO(7);
	return false;
}
