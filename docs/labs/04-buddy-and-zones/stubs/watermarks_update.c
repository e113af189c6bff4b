void watermarks_update(void)
{
	LAB_TODO(6);
}
