/* Put a table into an entry, if the entry is still empty. */
static bool install_first(pde_t *pde, const void *table)
{
	irqflags_t flags = spin_lock_irqsave(&populate_lock);
	bool first = !pde_present(*pde);

	if (first) {
		pde_set(pde, pde_make_table(virt_to_phys(table)));
		kpt_tables++;
	}
	spin_unlock_irqrestore(&populate_lock, flags);
	return first;
}

static int kpt_populate_one(unsigned index)
{
	pde_t *pde = &kernel_pd[index];
	void *table;

	if (pde_present(*pde))
		return 0;
	table = kpt_alloc_table();
	if (!table)
		return -ENOMEM;
	if (!install_first(pde, table)) {
		/* Another thread was faster while we allocated. */
		page_set_state(virt_to_page(table), PAGE_USED);
		free_page(virt_to_page(table));
	}
	return 0;
}
