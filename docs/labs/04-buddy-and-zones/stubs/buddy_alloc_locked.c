struct page *buddy_alloc_locked(struct zone *zone, unsigned order)
{
	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	LAB_TODO(1);
	return NULL;
}
