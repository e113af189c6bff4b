static inline pte_t *kpt_entry(kva_t va)
{
	assert(pde_is_table(kernel_pd[pd_index(va)]));
	LAB_TODO(6);
	return NULL;
}
