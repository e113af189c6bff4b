void map_chunk(pde_t *pde, kva_t start)
{
	if (!direct_map_has(start)) {
		built.holes++;
	} else if (start < PAGE_OFFSET + LAB_SMALL_CHUNKS * LARGE_PAGE_SIZE ||
		   direct_map_is_small(&kernel_image, start)) {
		pte_t *table = table_alloc();

		map_small_chunk(table, start);
		pde_set(pde, pde_make_table(virt_to_phys(table)));
	} else {
		uint64_t pa = start - PAGE_OFFSET;

		pde_set(pde, (pde_t){ pa | kprot_bits[KPROT_RW].v | PAE_PS });
		built.large++;
	}
}
