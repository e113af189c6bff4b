void kunmap(struct page *page)
{
	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	LAB_TODO(4);
}
