static void set_marks(struct zone *zone, unsigned long lowmem)
{
	assert(lowmem > 0);   /* at least mem_map lies there */
	LAB_TODO(5);
}
