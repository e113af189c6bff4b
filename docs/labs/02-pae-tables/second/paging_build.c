void paging_build(struct boot_tables *t, const struct boot_paging *what)
{
	pdpte_t root = { directory_phys(what) | PAE_P };

	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		uint64_t pa = (uint64_t)i * LARGE_PAGE_SIZE;

		if (pa >= what->lowmem_end)
			break;
		t->pd[i].v = pa | LARGE_ENTRY;
	}
	t->pdpt[IDENTITY] = root;
	t->pdpt[DIRECT_MAP] = root;
}
