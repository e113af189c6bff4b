void kpt_map_range(kva_t va, pfn_t first, unsigned nr, enum kprot prot)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		/* E1: no half of a new frame beside a present old one. */
		run_retire(entry, entry + run);
		run_map_range(entry, first, run, prot);
		va += run * PAGE_SIZE;
		first = pfn_add(first, run);
		nr -= run;
	}
}
