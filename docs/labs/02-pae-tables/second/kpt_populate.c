int kpt_populate(kva_t va, unsigned nr)
{
	assert(kpt_owns(va, nr));
	while (nr) {
		/* Downwards, a run lies in the table of the last page. */
		kva_t last = va + (nr - 1) * PAGE_SIZE;
		unsigned run = LAB_POPULATE_DOWN ?
			       MIN(nr, pt_index(last) + 1) : kpt_run(va, nr);
		int err = kpt_populate_one(pd_index(LAB_POPULATE_DOWN ?
						    last : va));

		if (err)
			return err;
		if (!LAB_POPULATE_DOWN)
			va += run * PAGE_SIZE;
		nr -= run;
	}
	return 0;
}
