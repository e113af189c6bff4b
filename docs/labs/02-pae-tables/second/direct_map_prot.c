enum kprot direct_map_prot(const struct image_layout *image, kva_t va)
{
	if (va >= image->text_start && va < image->text_end)
		return KPROT_RX;
	if (va >= image->rodata_start && va < image->rodata_end)
		return KPROT_RO;
	if (LAB_PAGE_0_RO && va < PAGE_OFFSET + PAGE_SIZE)
		return KPROT_RO;
	return is_isa_hole(va) ? KPROT_DEVICE : KPROT_RW;
}
