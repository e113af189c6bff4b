bool kpt_lookup(kva_t va, pfn_t *pfn)
{
	pde_t pde;
	pte_t pte;

	/* pd_index() is the same in each quarter; ours is the last one. */
	if (va < PAGE_OFFSET)
		return false;
	pde = kernel_pd[pd_index(va)];
	if (!pde_present(pde))
		return false;
	if (pde_large(pde)) {
		*pfn = pfn_add(phys_to_pfn(pde_large_phys(pde)), pt_index(va));
		return true;
	}
	pte = *kpt_entry(va);
	if (!pte_present(pte))
		return false;
	*pfn = pte_pfn(pte);
	return true;
}
