static unsigned flush_unused_locked(void) MUST_HOLD(&kmap_lock)
{
	unsigned emptied = 0, first = 0, last = 0;

	debug_assert_held(&kmap_lock);
	for (unsigned slot = 0; slot < LAB_SLOTS; slot++) {
		if (slot_count[slot] != 1)
			continue;
		slot_empty_locked(slot);
		if (!emptied++)
			first = slot;
		last = slot;
	}
	if (emptied) {
		tlb_flush_range(slot_kva(first), last - first + 1);
		nr_flushes++;
	}
	return emptied;
}
