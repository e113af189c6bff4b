static inline pte_t *kpt_entry(kva_t va)
{
	uint32_t table;

	assert(pde_is_table(kernel_pd[pd_index(va)]));
	table = kernel_pd[pd_index(va)].low & PAGE_MASK;
	return (pte_t *)kva_to_ptr(PAGE_OFFSET + table) + pt_index(va);
}
