// SPDX-License-Identifier: MIT
/*
 * laws.h - all checkers of laws, in one table
 *
 * WHAT     The end of boot, the self-test after each suite, the monitor's
 *          `check`, the watch and a program's end call the checkers of this
 *          table. The host suites call those of memory.
 *
 * TERMS    stops    what must not run while the checker runs, because it would
 *                   leave a state that looks like a broken law
 *
 *            ITSELF      nothing: the checker takes the lock of its data, or
 *                        the data never change
 *            THREADS     other threads
 *            INTERRUPTS  other threads and handlers
 *
 * RULES    a checker knows all states in between that its row does not exclude:
 *          a thread can stop at any instruction while another one checks
 *
 * NOT HERE the laws: heads of files name them, tools/check_laws.py proves that
 *          each is checked.
 * SEE      tests/suites/checkers.c, which checks while other threads work.
 */
#pragma once

#include "lib/compiler.h"

enum laws_stop {
	STOPS_ITSELF,
	STOPS_THREADS,
	STOPS_INTERRUPTS,
};

/*
 * In the order of the layers: the first broken law is nearest to the cause.
 *
 *        name           checker              stops
 */
#define LAWS_OF_MEMORY(L) \
	L("memblock",    memblock_check,      STOPS_ITSELF)      \
	L("pages",       page_alloc_check,    STOPS_ITSELF)      \
	L("page tables", pgtable_check,       STOPS_ITSELF)      \
	L("slabs",       slab_check,          STOPS_ITSELF)      \
	L("vmalloc",     vmalloc_check,       STOPS_ITSELF)      \
	L("kmap",        kmap_check,          STOPS_ITSELF)      \
	L("kmap_local",  kmap_local_check,    STOPS_THREADS)     \
	L("areas",       vm_check,            STOPS_ITSELF)      \
	L("DMA",         dma_check,           STOPS_ITSELF)

/* Only after boot. */
#define LAWS_OF_THE_REST(L) \
	L("exceptions",  trap_check,          STOPS_ITSELF)      \
	L("stacks",      stack_check,         STOPS_THREADS)     \
	L("CPU",         arch_thread_check,   STOPS_INTERRUPTS)  \
	L("firmware",    acpi_check,          STOPS_ITSELF)      \
	L("interrupts",  irq_check,           STOPS_INTERRUPTS)  \
	L("PCI",         pci_check,           STOPS_ITSELF)      \
	L("ISA DMA",     isa_dma_verify,      STOPS_ITSELF)      \
	L("iommu",       iommu_check,         STOPS_ITSELF)      \
	L("symbols",     symbols_check,       STOPS_ITSELF)      \
	L("log",         log_check,           STOPS_ITSELF)      \
	L("scheduler",   sched_check,         STOPS_ITSELF)      \
	L("objects",     object_check,        STOPS_ITSELF)      \
	L("messages",    ipc_check,           STOPS_ITSELF)      \
	L("tasks",       task_check,          STOPS_ITSELF)      \
	L("accounts",    charges_check,       STOPS_ITSELF)      \
	L("copies",      mm_copy_check,       STOPS_THREADS)     \
	L("devices",     user_device_check,   STOPS_THREADS)     \
	L("floppy",      floppy_check,        STOPS_THREADS)

struct laws {
	const char    *name;
	const char  *(*check)(void);
	enum laws_stop stops;
};

/* The i-th row; NULL: there are fewer. */
const struct laws *laws_row(unsigned i);

/* Each of these returns NULL, or the text of the first broken law. */
const char *laws_check(const struct laws *row);

/* All rows; those of memory, at boot, before there are threads. */
const char *laws_check_all(void);
const char *laws_check_memory(void);
