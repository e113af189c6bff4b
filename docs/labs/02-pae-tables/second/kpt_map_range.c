/* Fill the entries of a run that are not present. */
static void run_fill(pte_t *entry, pfn_t first, unsigned nr, enum kprot prot)
{
	for (unsigned i = 0; i < nr; i++)
		if (!pte_present(entry[i]))
			kpte_set(&entry[i], pfn_add(first, i), prot);
}

void kpt_map_range(kva_t va, pfn_t first, unsigned nr, enum kprot prot)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		if (LAB_KEEP_PRESENT) {
			run_fill(entry, first, run, prot);
		} else {
			/* No half of a new frame beside a present old one. */
			run_retire(entry, entry + run);
			run_map_range(entry, first, run, prot);
		}
		va += run * PAGE_SIZE;
		first = pfn_add(first, run);
		nr -= run;
	}
}
