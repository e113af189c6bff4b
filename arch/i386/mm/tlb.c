// SPDX-License-Identifier: MIT
/*
 * tlb.c - flush many translations at once
 *
 * WHAT     The flushes of <arch/tlb.h> that are more than one invlpg.
 *
 * ALGORITHM  If the CPU has PGE, all entries of the kernel's quarter are
 *          global, and a load of CR3 keeps their translations. To flush these
 *          too, turn CR4.PGE off and on again. Without PGE no entry is global,
 *          and a load of CR3 is enough.
 *
 * LOCKING  Interrupts are off between the two writes of CR4. Otherwise a
 *          handler could run, and switch to another thread, while PGE is off.
 * SEE      SDM volume 3, 4.10.4.1; Linux arch/x86/mm/tlb.c.
 */
#include <arch/cr.h>
#include <arch/irqflags.h>
#include <arch/tlb.h>

struct tlb_stats tlb_stats;

void tlb_flush_all(void)
{
	uint32_t cr4 = read_cr4();

	tlb_stats.all++;
	if (cr4 & CR4_PGE) {
		irqflags_t flags = irq_save();

		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
		irq_restore(flags);
	} else {
		write_cr3(read_cr3());
	}
}

void tlb_flush_user(void)
{
	irqflags_t flags = irq_save();

	tlb_stats.user++;
	write_cr3(read_cr3());
	irq_restore(flags);
}

void tlb_flush_range(kva_t va, unsigned nr)
{
	if (nr > TLB_FLUSH_ALL_ABOVE) {
		tlb_flush_all();
		return;
	}
	for (unsigned i = 0; i < nr; i++)
		tlb_flush_page(va + i * PAGE_SIZE);
}
