int kpt_populate(kva_t va, unsigned nr)
{
	assert(kpt_owns(va, nr));
	while (nr) {
		unsigned run = kpt_run(va, nr);
		int err = kpt_populate_one(pd_index(va));

		if (err)
			return err;
		va += run * PAGE_SIZE;
		nr -= run;
	}
	return 0;
}
