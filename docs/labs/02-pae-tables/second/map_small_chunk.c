void map_small_chunk(pte_t *table, kva_t start)
{
	const struct image_layout *image = &kernel_image;

	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		kva_t va = start + i * PAGE_SIZE;

		if (va >= high_memory)
			break;
		if (!direct_map_has_page(image, va))
			continue;
		kpte_set(&table[i], PFN((va - PAGE_OFFSET) >> PAGE_SHIFT),
			 direct_map_prot(image, va));
		built.small++;
	}
}
