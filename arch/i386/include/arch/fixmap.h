// SPDX-License-Identifier: MIT
/*
 * fixmap.h - virtual addresses that are known when the kernel is compiled
 *
 * WHAT     The slots of one page table, counted down from FIXADDR_TOP. A slot
 *          has one purpose for ever, and its address is a constant. The frame
 *          that a slot maps can change. The last slots belong to kmap_local().
 *          The slots of kmap are here too: they fill another page table.
 *
 * PICTURE    FIXADDR_TOP    +----------------------+
 *                           | slot 0               |
 *                           | slot 1  ...          |
 *                           | kmap_local, per CPU  |
 *            FIXADDR_START  +----------------------+
 *
 * RULES    pgtable_check() sees a breach as pgtable G1 or N1:
 *          only slots 0 .. FIXMAP_NR_SLOTS - 1 are ever present; the entry of
 *          FIXADDR_TOP, the last of the table, never is
 *
 * COST     set or clear: two stores and an invlpg.
 * NOT HERE which slot of kmap belongs to whom (mm/kva/kmap.c).
 * SEE      Linux asm/fixmap.h.
 */
#pragma once

#include <arch/kpgtable.h>
#include <arch/kva.h>
#include <arch/percpu.h>
#include <arch/pgtable_bits.h>
#include <arch/tlb.h>

/*  slot                 who sets it, and when                               */
#define FIXMAP_SLOTS(S)                                                       \
	S(FIX_EARLY_CONSOLE, "video memory, until the console is mapped")     \
	S(FIX_LAPIC,         "registers of the local APIC")                   \
	S(FIX_IOAPIC,        "registers of the I/O APIC")                     \
	S(FIX_ACPI_WINDOW,   "one page of an ACPI table at a time")           \
	S(FIX_UPT,           "the user page table used last")                 \
	S(FIX_UPT_OTHER,     "the second, where two are needed")              \
	S(FIX_TEST,          "self-tests and benchmarks")

#define KMAP_LOCAL_SLOTS  16   /* per CPU: nesting depth of kmap_local()     */

enum fixmap_slot {
#define S(slot, what) slot,
	FIXMAP_SLOTS(S)
#undef S
	FIX_KMAP_LOCAL_FIRST,
	FIX_KMAP_LOCAL_LAST = FIX_KMAP_LOCAL_FIRST +
			      NR_CPUS * KMAP_LOCAL_SLOTS - 1,
	FIXMAP_NR_SLOTS
};

#define FIXADDR_START  (FIXADDR_TOP - FIXMAP_NR_SLOTS * PAGE_SIZE)

_Static_assert(FIXADDR_START > FIXMAP_PT_BASE,
	       "the fixmap fits one page table, with a gap below it");

/* Address of a slot that is not a constant; slot < FIXMAP_NR_SLOTS. */
static inline kva_t fixmap_slot_kva(unsigned slot)
{
	return FIXADDR_TOP - (slot + 1) * PAGE_SIZE;
}

/*
 * The page tables. Slot n of the fixmap is fixmap_table[511 - 1 - n]; slot n of
 * kmap is pkmap_table[n].
 */
extern pte_t *fixmap_table, *pkmap_table;

/* The bits of each protection on this CPU. */
extern pte_t kprot_bits[KPROT_NR];

static inline pte_t *fixmap_entry(unsigned slot)
{
	return &fixmap_table[pt_index(FIXADDR_TOP) - 1 - slot];
}

/* Make an entry of the kernel map one frame. */
static inline void kpte_set(pte_t *entry, pfn_t pfn, enum kprot prot)
{
	entry_store_halves(entry, pfn.v << 12 | kprot_bits[prot].low,
			   pfn.v >> 20 | kprot_bits[prot].high);
}

/*
 * Map one frame in a slot, or empty the slot: for kmap_local() and for user
 * page tables. All other code uses set_fixmap() below.
 */
static inline void fixmap_map(unsigned slot, pfn_t pfn, enum kprot prot)
{
	kpte_set(fixmap_entry(slot), pfn, prot);
}

static inline void fixmap_unmap(unsigned slot)
{
	entry_clear(fixmap_entry(slot));
	tlb_flush_page(fixmap_slot_kva(slot));
}

/* Map one frame in a slot of kmap, or empty the slot. The caller flushes. */
static inline void pkmap_map(unsigned slot, pfn_t pfn)
{
	kpte_set(&pkmap_table[slot], pfn, KPROT_RW);
}

static inline void pkmap_unmap(unsigned slot)
{
	entry_clear(&pkmap_table[slot]);
}

/* A slot that set_fixmap() may name: a constant, and not one of kmap_local. */
#define CHECK_FIXMAP_SLOT(slot)                                            \
	_Static_assert((slot) >= 0 && (slot) < FIX_KMAP_LOCAL_FIRST,       \
		       "not a fixmap slot")

/* The address of a slot as a pointer. A wrong slot does not compile. */
#define fix_to_virt(slot)                          \
	({                                         \
		CHECK_FIXMAP_SLOT(slot);           \
		kva_to_ptr(fixmap_slot_kva(slot)); \
	})

/*
 * Map the frame that contains `pa` in a slot. The slot may already map another
 * frame; then the old translation is flushed. The first use of a slot needs no
 * flush.
 */
#define set_fixmap(slot, pa, prot)                                 \
	do {                                                       \
		CHECK_FIXMAP_SLOT(slot);                           \
		if (fixmap_entry(slot)->low)                       \
			fixmap_unmap(slot);                        \
		fixmap_map(slot, phys_to_pfn(pa), prot);           \
	} while (0)

#define clear_fixmap(slot)               \
	do {                             \
		CHECK_FIXMAP_SLOT(slot); \
		fixmap_unmap(slot);      \
	} while (0)
