void kpt_unmap(kva_t va, unsigned nr)
{
	while (nr) {
		unsigned run = kpt_run(va, nr);
		pte_t *entry = kpt_entry(va);

		for (unsigned i = 0; i < run; i++)
			entry_clear(&entry[i]);
		va += run * PAGE_SIZE;
		nr -= run;
	}
}
