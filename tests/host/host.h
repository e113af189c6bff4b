// SPDX-License-Identifier: MIT
/*
 * host.h - the machine that the host build runs on
 *
 * WHAT     Simulated physical memory (ram.c), an MMU that walks the kernel's
 *          page tables in it (mmu.c), a TLB (tlb.c), CPU features that can be
 *          set (cpu.c), and what mm/ and lib/ need from above (console.c).
 *
 * PICTURE    kva 0xc0000000 .. high_memory    always mapped, from the memfd
 *            everything else                  PROT_NONE: an access raises
 *                                             SIGSEGV, the handler walks the
 *                                             tables and maps one page (a TLB
 *                                             fill), or reports a page fault
 *
 * SEE      Intel SDM volume 3, chapter 4.
 */
#pragma once

#include <arch/addr.h>

#include "lib/panic.h"

/* ---- ram.c: physical memory ------------------------------------------- */

#define HOST_RANGES_MAX  32

struct host_range {
	phys_addr_t start, end;   /* end is exclusive */
};

/* RAM as the "firmware" reports it, sorted and disjoint. */
struct host_memory {
	unsigned          nr_ranges;
	struct host_range range[HOST_RANGES_MAX];
};

/* `size` bytes of RAM laid out as on a PC, at most `below_4g` under 4 GiB. */
void host_memory_pc(struct host_memory *m, uint64_t size, uint64_t below_4g);

/* Cut a hole; the list stays sorted. */
void host_memory_cut(struct host_memory *m, phys_addr_t start,
		     phys_addr_t end);

/* First address after the last RAM. */
phys_addr_t host_memory_end(const struct host_memory *m);

/* Make the memory; then the direct map of its first `lowmem` bytes. */
void host_ram_init(const struct host_memory *m);
void host_ram_map_direct(uint64_t lowmem);

/* Where the host sees a physical address; for the MMU, which is hardware. */
void *host_ram(phys_addr_t pa);
uint64_t host_ram_size(void);

/* Map the frame at a kernel address, or reserve the address again. */
void host_map_page(kva_t va, phys_addr_t frame, int prot);
void host_unmap_page(kva_t va);

/* ---- mmu.c: the walk ---------------------------------------------------- */

#define HOST_FAULT_P     0x01u   /* the bits of the page-fault error code */
#define HOST_FAULT_W     0x02u
#define HOST_FAULT_RSVD  0x08u
#define HOST_FAULT_I     0x10u

/* What one address translates to, or why it does not. */
struct host_walk {
	bool        ok;
	unsigned    error;    /* error code of the page fault when not ok */
	phys_addr_t frame;    /* of 4 KiB, also within a 2 MiB page       */
	bool        writable, executable;   /* allowed by all levels      */
	bool        global;   /* survives a load of CR3                   */
	const char *rule;     /* words for a refusal                      */
};

/* Translate for an access of the supervisor; HOST_FAULT_W, _I say which. */
struct host_walk host_walk(kva_t va, unsigned access);

/* As the CPU does: set A in every level, and D in the last when writing. */
void host_walk_mark(kva_t va, unsigned access);

/* Read the four PDPTEs, as at mov cr3; a reserved bit in one panics (#GP). */
void host_load_pdptes(uint32_t cr3);

/* Install the SIGSEGV handler. */
void host_mmu_init(void);

/* Run an access that may fault. Returns: false when it did. */
bool host_try(void (*access)(void *arg), void *arg);

/* ---- tlb.c -------------------------------------------------------------- */

/*
 * How many entries the TLB has; fewer entries make evictions more frequent. A
 * page is mapped while it is in the TLB. A copying instruction may touch four
 * pages at once: each of its two ends may lie in two pages. With fewer than
 * four entries these pages would evict each other for ever.
 */
#define TLB_ENTRIES_MIN  4
#define TLB_ENTRIES_MAX  512
void host_tlb_init(unsigned entries);
void host_tlb_fill(kva_t va, const struct host_walk *walk, int prot);

void host_tlb_flush_page(kva_t va);
void host_tlb_flush(bool global_too);

/* Returns: whether an entry lies in [va, va + nr pages); *found: the first. */
bool host_tlb_find(kva_t va, unsigned nr, kva_t *found);

/*
 * Compare every entry with the tables. This is right only where no lazy
 * unmapping is pending. Returns: NULL, or what is wrong.
 */
const char *host_tlb_check(void);

/* ---- cpu.c -------------------------------------------------------------- */

struct host_cpu {
	bool     nx, pge, pse;   /* its features */
	unsigned phys_bits;
	uint32_t cr0, cr3, cr4, efer;
};

extern struct host_cpu host_cpu;

/* ---- wait.c: a kill of the one thread ----------------------------------- */

#define HOST_NEVER  (~0u)

/* Kills the thread: look number `look` (from 0) and all later ones see it. */
void host_kill_at(unsigned look);

/* How many looks there were since then. */
unsigned host_kill_looks(void);

/* ---- wait.c: a sleep ---------------------------------------------------- */

/*
 * What other threads do during the next sleep. If they do not wake the sleeper,
 * the sleep panics.
 */
void host_while_asleep(void (*others)(void));

/* Calls of wake_up_one() since then, or since the sleep began. */
unsigned host_wakes(void);

/* ---- console.c ---------------------------------------------------------- */

extern int host_loglevel;

/* How many lines there were, shown or not; the last one, and its level. */
extern unsigned host_log_lines;
extern char host_log_last[256];
extern int host_log_last_level;

/* From now on all lines go into a text, shown or not; NULL ends this. */
void host_log_capture(char *text, size_t size);

/* The time of the log's windows, in ns: tests let it pass. */
extern uint64_t host_log_now;

/* ---- pci_config.c: functions that only a test sees ---------------------- */

/* Add a function with these two registers, or remove all of them. */
void host_pci_add(uint16_t source_id, uint8_t header_type, uint8_t bus_behind);
void host_pci_remove_all(void);

/* ---- main.c: what boot has left behind ----------------------------------- */

#define HOST_BOOT_LOG_SIZE  16384

/* All lines of the boot. */
extern char host_boot_log[HOST_BOOT_LOG_SIZE];

/* Bytes of memory that upt_try_high_tables() has kept. */
extern uint64_t host_trial_cost;

/* Bytes of the largest free range of lowmem, just before zones_init(). */
extern uint64_t host_largest_free;

/* ---- iommu.c: a unit, and what devices behind it get --------------------- */

/* A device for which no unit translates. */
#define HOST_IOMMU_STRANGER  0xffffu

/* Translation on, with addresses of 39 or 48 bits; 0: off again. */
void host_iommu_set(unsigned bits);

/*
 * What a device's access to a bus address reaches. With translation off this is
 * the address itself. Returns: false: blocked, and a fault has been noted.
 */
bool host_iommu_access(uint16_t source_id, bus_addr_t bus, bool write,
		       phys_addr_t *pa);
