void kmap_page_freed(struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	irqflags_t flags;
	unsigned slot;
	kva_t va;

	debug_caller_must(page_is_valid(page), "give a page of mem_map");
	flags = spin_lock_irqsave(&kmap_lock);
	if (!page->kmap) {
		spin_unlock_irqrestore(&kmap_lock, flags);
		return;
	}
	slot = page->kmap - 1u;
	va = slot_kva(slot);
	if (slot_count[slot] > 1) {
		spin_unlock_irqrestore(&kmap_lock, flags);
		panic("%pF freed while kmapped at 0x%08x", &pfn, va);
	}
	slot_empty_locked(slot);
	tlb_flush_page(va);
	spin_unlock_irqrestore(&kmap_lock, flags);
}
