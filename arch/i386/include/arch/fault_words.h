// SPDX-License-Identifier: MIT
/*
 * fault_words.h - a page fault, explained in words
 *
 * WHAT     Takes the address, the error code and the page tables. Makes a
 *          sentence that says which rule was broken, and prints the walk level
 *          by level:
 *
 *            write to a read-only page
 *              write to 0xc0105010 by kernel mode at memset+0x1b, error 0x3
 *              region: direct map, 0xc0000000 - 0xf8000000
 *              PDPTE[3]   0x00000000014fe001  P
 *              PDE[0]     0x00000000014fd023  P RW A
 *              PTE[261]   0x8000000000105121  P A G XD  <-- RW is clear
 *
 * SEE      SDM volume 3, 4.7 "Page-Fault Exceptions".
 */
#pragma once

#include <arch/paging.h>
#include <arch/trap.h>

struct vm_area_info;

struct fault {
	kva_t    va;       /* CR2                                  */
	uint32_t error;    /* PF_* of <arch/trap.h>                */
	uint32_t ip;       /* the instruction; 0: not known        */
};

enum fault_level { FAULT_PDPTE, FAULT_PDE, FAULT_PTE, FAULT_NR_LEVELS };

/* The entries that translate the address, down to where the walk ended. */
struct fault_walk {
	unsigned levels;   /* entries read, from the top */
	uint64_t entry[FAULT_NR_LEVELS];
};

/* Other facts. fault_explain() fills them in; tests invent them. */
struct fault_facts {
	unsigned    phys_bits;
	bool        nx;                    /* EFER.NXE is set                 */
	const char *stack;                 /* stack of this guard page, NULL  */
	const struct vm_area_info *area;   /* vmalloc area there, or NULL     */
};

/*      cause                   what to say                                   */
#define FAULT_CAUSES(C)                                                       \
	C(FAULT_NX_RESERVED,   "reserved bit: NX set while EFER.NXE is clear") \
	C(FAULT_TOO_WIDE,      "reserved bit: address above the CPU's width") \
	C(FAULT_RESERVED,      "reserved bit set in an entry")                \
	C(FAULT_KERNEL_PAGE,   "user mode touched a page of the kernel")      \
	C(FAULT_READ_ONLY,     "write to a read-only page")                   \
	C(FAULT_NX,            "NX set: the page is not executable")          \
	C(FAULT_SMEP,          "SMEP: the kernel executed a user page")       \
	C(FAULT_SMAP,          "SMAP: the kernel touched a user page")        \
	C(FAULT_STALE,         "the tables allow it: a TLB flush is missing") \
	C(FAULT_GONE,          "unmapped since, without a TLB flush")         \
	C(FAULT_NULL,          "null pointer")                                \
	C(FAULT_USER_UNMAPPED, "user mode: nothing is mapped there")          \
	C(FAULT_USER_ADDRESS,  "user address touched by the kernel")          \
	C(FAULT_STACK_GUARD,   "guard page of a stack: it has overflowed")    \
	C(FAULT_NO_RAM,        "direct map: no RAM here")                     \
	C(FAULT_AREA_GUARD,    "guard page of a vmalloc area")                \
	C(FAULT_AREA_HOLE,     "vmalloc area with a page missing")            \
	C(FAULT_FREED,         "vmalloc area that was freed")                 \
	C(FAULT_NO_AREA,       "no vmalloc area here")                        \
	C(FAULT_KMAP_SLOT,     "kmap slot that maps nothing")                 \
	C(FAULT_FIXMAP_SLOT,   "fixmap slot that maps nothing")               \
	C(FAULT_GAP,           "hole between regions")

enum fault_cause {
#define C(cause, text) cause,
	FAULT_CAUSES(C)
#undef C
	FAULT_NR_CAUSES
};

/* The cause. It depends on the arguments only. */
enum fault_cause fault_classify(const struct fault *fault,
				const struct fault_walk *walk,
				const struct fault_facts *facts);
const char *fault_cause_text(enum fault_cause cause);

/*
 * Read the entries for an address from the tables at `cr3`. Follows only
 * pointers to RAM with a permanent address.
 */
void fault_walk(uint32_t cr3, kva_t va, struct fault_walk *walk);

/*
 * Explain the fault: call `out` for each line. fault_explain() reads the tables
 * that are loaded, prints nothing if `out` is NULL, and returns the cause: the
 * first line.
 *
 * Context: any, also in a panic.
 */
const char *fault_explain(const struct fault *fault, line_fn out);
void fault_describe(const struct fault *fault, const struct fault_walk *walk,
		    const struct fault_facts *facts, line_fn out);
