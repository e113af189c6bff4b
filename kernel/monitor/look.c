// SPDX-License-Identifier: MIT
/*
 * look.c - page tables, page frames and slots, one at a time
 *
 * WHAT     walk and pte translate an address by the tables in use, or by those
 *          of a task. page, kmap and fixmap print what is known of a frame or a
 *          slot. x reads memory at any address.
 *
 * LOCKING  None. Tables and frames may change at any moment, so each one is
 *          read in a way that cannot fault (<arch/fault_words.h>,
 *          <arch/probe.h>).
 */
#include <arch/cr.h>
#include <arch/fault_words.h>
#include <arch/fixmap.h>
#include <arch/kva.h>
#include <arch/pgtable_bits.h>
#include <arch/probe.h>

#include "kernel/monitor/monitor_impl.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"
#include "mm/slab/slab.h"

/*        bit       letters  set                      clear                  */
static const struct {
	uint64_t    bit;
	const char *name, *set, *clear;
} bits[] = {
	{ PAE_P,   "P",   "present",               "not present" },
	{ PAE_RW,  "RW",  "may be written",        "read only" },
	{ PAE_US,  "US",  "user mode may use it",  "for the kernel alone" },
	{ PAE_PWT, "PWT", "write-through",         "write-back" },
	{ PAE_PCD, "PCD", "not cached",            "cached" },
	{ PAE_A,   "A",   "accessed",              "not accessed yet" },
	{ PAE_D,   "D",   "written since mapped",  "not written yet" },
	{ PAE_PS,  "PS",  "maps 2 MiB itself",     "4 KiB, or leads to a table" },
	{ PAE_G,   "G",   "global: survives a load of CR3",
	  "forgotten at a load of CR3" },
	{ PAE_XD,  "XD",  "never executed",        "may be executed" },
};

static const char *const level_names[FAULT_NR_LEVELS] = {
	[FAULT_PDPTE] = "PDPTE", [FAULT_PDE] = "PDE", [FAULT_PTE] = "PTE",
};

/* The letters of all bits that are set: " P RW A". */
static void say_bits(uint64_t entry)
{
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		if (entry & bits[i].bit)
			say(" %s", bits[i].name);
	}
}

/* ---- walk, pte ------------------------------------------------------- */

/* ADDR [PID]: walks the tables of the task, or those in use. */
static int read_walk(char *const argv[], uint32_t *va, uint32_t *cr3,
		     struct fault_walk *walk)
{
	struct task *task = NULL;

	if (arg_address(argv[1], va) || arg_task(argv[2], &task))
		return -EINVAL;
	*cr3 = task ? (uint32_t)task->mm->tables.root.v : read_cr3();
	fault_walk(*cr3, *va, walk);
	if (task)
		object_put(&task->object);
	return 0;
}

static unsigned level_index(unsigned level, uint32_t va)
{
	return level == FAULT_PDPTE ? pdpt_index(va) :
	       level == FAULT_PDE ? pd_index(va) : pt_index(va);
}

/* Does the entry map memory itself? */
static bool is_leaf(unsigned level, uint64_t entry)
{
	return entry & PAE_P &&
	       (level == FAULT_PTE || (level == FAULT_PDE && entry & PAE_PS));
}

static void print_level(unsigned level, uint32_t va, uint64_t entry)
{
	phys_addr_t table = PHYS(entry & PAE_ADDR_MASK);

	say("  %5s[%3u] 0x%016llx ", level_names[level],
	    level_index(level, va), (unsigned long long)entry);
	say_bits(entry);
	if (!(entry & PAE_P))
		say(" <-- nothing is mapped");
	else if (!is_leaf(level, entry))
		say("  -> table at %pP", &table);
	say("\n");
}

/* A page has the rights that every level allows; a PDPTE has no such bits. */
static void print_result(const struct fault_walk *walk, uint32_t va)
{
	unsigned last = walk->levels - 1;
	uint64_t mask = last == FAULT_PDE ? PAE_LARGE_MASK : PAE_ADDR_MASK;
	uint32_t size = last == FAULT_PDE ? LARGE_PAGE_SIZE : PAGE_SIZE;
	uint64_t all = ~0ull, any = 0;
	phys_addr_t pa = PHYS((walk->entry[last] & mask) + (va & (size - 1)));

	for (unsigned level = FAULT_PDE; level <= last; level++) {
		all &= walk->entry[level];
		any |= walk->entry[level];
	}
	say("  is %pP, in a page of %s: read%s%s, %s\n", &pa,
	    last == FAULT_PDE ? "2 MiB" : "4 KiB",
	    all & PAE_RW ? ", write" : "", any & PAE_XD ? "" : ", execute",
	    all & PAE_US ? "user mode too" : "kernel only");
}

int monitor_walk(char *const argv[])
{
	struct fault_walk walk;
	uint32_t va, cr3;

	if (read_walk(argv, &va, &cr3, &walk))
		return -EINVAL;
	say("0x%08x, by the tables of CR3 0x%08x:\n", va, cr3);
	for (unsigned level = 0; level < MIN(walk.levels, FAULT_NR_LEVELS);
	     level++)
		print_level(level, va, walk.entry[level]);
	if (walk.levels && is_leaf(walk.levels - 1,
				   walk.entry[walk.levels - 1]))
		print_result(&walk, va);
	return 0;
}

int monitor_pte(char *const argv[])
{
	struct fault_walk walk;
	uint32_t va, cr3;
	uint64_t entry;
	unsigned last;

	if (read_walk(argv, &va, &cr3, &walk))
		return -EINVAL;
	if (!walk.levels)
		return complain("no tables at CR3 0x%08x", cr3);
	last = walk.levels - 1;
	entry = walk.entry[last];
	say("0x%08x: %s[%u] is 0x%016llx\n", va, level_names[last],
	    level_index(last, va), (unsigned long long)entry);
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		say("  %-3s %u  %s\n", bits[i].name, (entry & bits[i].bit) != 0,
		    entry & bits[i].bit ? bits[i].set : bits[i].clear);
	say("  frame 0x%llx\n",
	    (unsigned long long)(entry & PAE_ADDR_MASK) >> PAGE_SHIFT);
	return 0;
}

/* ---- page ------------------------------------------------------------ */

const char *const monitor_page_states[PAGE_NR_STATES] = {
	[PAGE_RESERVED] = "reserved: a hole, firmware or the kernel image",
	[PAGE_FREE]     = "free, in the buddy lists",
	[PAGE_PCP]      = "free, in a list of this CPU",
	[PAGE_USED]     = "allocated",
	[PAGE_SLAB]     = "page of a slab",
	[PAGE_TABLE]    = "page table",
	[PAGE_TAIL]     = "inside a block: its head knows more",
};

static const char *const block_texts[] = {
	[PAGEBLOCK_HOLE] = "a hole: no RAM in it",
	[PAGEBLOCK_VIRGIN] = "virgin: all free, and never given out",
	[PAGEBLOCK_LIVE] = "live",
};

/* The head of the block that contains a tail. */
static pfn_t head_of(pfn_t pfn)
{
	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		pfn_t head = PFN(pfn.v & ~((1u << order) - 1));

		if (page_state(head) != PAGE_TAIL)
			return head;
	}
	return pfn;
}

static void print_entry(const struct page *page)
{
	struct slab_object_info info;

	say("  refs    %u\n", page->refs);
	if (page->kmap)
		say("  kmap    slot %u, 0x%08x\n", page->kmap - 1u,
		    PKMAP_BASE + (page->kmap - 1u) * PAGE_SIZE);
	if (page->state == PAGE_SLAB &&
	    slab_find_object(page_address(page), &info))
		say("  cache   %s\n", info.cache);
}

int monitor_page(char *const argv[])
{
	enum page_state state;
	unsigned order;
	phys_addr_t pa;
	pfn_t pfn;

	if (arg_pfn(argv[1], &pfn))
		return -EINVAL;
	pa = pfn_to_phys(pfn);
	state = page_state(pfn);
	say("frame 0x%x, %pP, zone %s\n", pfn.v, &pa, pfn_zone(pfn)->name);
	if (phys_is_lowmem(pa))
		say("  address 0x%08x\n", ptr_to_kva(phys_to_virt(pa)));
	say("  state   %s\n", monitor_page_states[state]);
	say("  4 MiB   %s\n", block_texts[pageblock_state(pfn)]);
	if (pageblock_state(pfn) == PAGEBLOCK_LIVE && state != PAGE_TAIL)
		print_entry(pfn_to_page(pfn));
	if (state == PAGE_TAIL)
		say("  head    frame 0x%x\n", head_of(pfn).v);
	if (state == PAGE_RESERVED || state == PAGE_TAIL)
		return 0;
	order = pfn_to_page(pfn)->order;
	say("  block   order %u: frames 0x%x to 0x%x\n", order, pfn.v,
	    pfn.v + (1u << order) - 1);
	return 0;
}

/* ---- kmap, fixmap ---------------------------------------------------- */

void monitor_kmap(void)
{
	kmap_dump();
	say("kmap_local: %u of %u slots in use\n", kmap_local_depth(),
	    KMAP_LOCAL_SLOTS);
}

static const struct {
	const char *name, *what;
} slots[] = {
#define S(slot, what) { #slot, what },
	FIXMAP_SLOTS(S)
#undef S
};

static void print_slot(unsigned slot, const char *name, const char *what)
{
	uint64_t entry = fixmap_entry(slot)->v;
	phys_addr_t pa = PHYS(entry & PAE_ADDR_MASK);

	say("0x%08x %-18s ", fixmap_slot_kva(slot), name);
	if (entry & PAE_P) {
		say("%pP ", &pa);
		say_bits(entry);
	} else {
		say("empty: %s", what);
	}
	say("\n");
}

void monitor_fixmap(void)
{
	for (unsigned slot = 0; slot < ARRAY_SIZE(slots); slot++)
		print_slot(slot, slots[slot].name, slots[slot].what);
	for (unsigned slot = FIX_KMAP_LOCAL_FIRST; slot <= FIX_KMAP_LOCAL_LAST;
	     slot++) {
		if (fixmap_entry(slot)->low)
			print_slot(slot, "kmap_local", "");
	}
	say("0x%08x to 0x%08x: %u slots of kmap_local\n",
	    fixmap_slot_kva(FIX_KMAP_LOCAL_LAST),
	    fixmap_slot_kva(FIX_KMAP_LOCAL_FIRST) + PAGE_SIZE - 1,
	    FIX_KMAP_LOCAL_LAST - FIX_KMAP_LOCAL_FIRST + 1);
}

/* ---- x --------------------------------------------------------------- */

#define X_DEFAULT  64u
#define X_MAX      4096u
#define X_LINE     16u

/* mm NULL: the address space in use. Returns: is something mapped there? */
static bool read_byte(struct mm *mm, uint32_t va, uint8_t *byte)
{
	if (!mm)
		return probe_read8(kva_to_ptr(va), byte);
	return va < PAGE_OFFSET && !mm_read(mm, UADDR(va), byte, 1);
}

static void dump_line(struct mm *mm, uint32_t va, unsigned n)
{
	char text[X_LINE + 1] = "                ";

	say("%08x ", va);
	for (unsigned i = 0; i < X_LINE; i++) {
		uint8_t byte;

		if (i >= n) {
			say("   ");
		} else if (read_byte(mm, va + i, &byte)) {
			say(" %02x", byte);
			text[i] = is_printable((char)byte) ? (char)byte : '.';
		} else {
			say(" --");
		}
	}
	say("  |%s|\n", text);
}

static void dump(struct mm *mm, uint32_t va, unsigned n)
{
	for (unsigned done = 0; done < n; done += X_LINE)
		dump_line(mm, va + done, MIN(n - done, X_LINE));
}

void monitor_dump(const void *ptr, unsigned n)
{
	dump(NULL, ptr_to_kva(ptr), n);
}

int monitor_x(char *const argv[])
{
	struct task *task = NULL;
	uint64_t n = X_DEFAULT;
	uint32_t va;

	if (arg_address(argv[1], &va) || arg_number(argv[2], 1, X_MAX, &n) ||
	    arg_task(argv[3], &task))
		return -EINVAL;
	/* The address space ends at 4 GiB, and so does the dump. */
	n = MIN(n, (1ull << 32) - va);
	dump(task ? task->mm : NULL, va, (unsigned)n);
	if (task)
		object_put(&task->object);
	return 0;
}
