static struct page *take_from_zones(gfp_t gfp, unsigned order,
				    enum watermark mark)
{
	LAB_TODO(4);
	return NULL;
}
