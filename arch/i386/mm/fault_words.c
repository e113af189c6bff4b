// SPDX-License-Identifier: MIT
/*
 * fault_words.c - why the CPU refused an access, in words
 *
 * WHAT     fault_classify() finds the rule that was broken. fault_describe()
 *          prints the rule, and the page-table entries that show the reason.
 *
 * PICTURE    error code   entries      surroundings
 *                \           |           /
 *                 first row of rules[] that applies
 *                            |
 *                  cause, and the guilty level
 *
 * TERMS    leaf      the last entry of the walk, if it maps memory
 *          guilty    the level whose entry has the bit that refused the access
 *
 * RULES    rules[] has a row for every cause, in the order in which they
 *          must be asked: reserved bits before rights, rights before absence;
 *          the last row always applies.
 *
 * ALGORITHM  The error code says what was tried, and whether the entries were
 *          present. The entries say which bit was wrong. QEMU reports reserved
 *          bits without P, so P is ignored when RSVD is set. If the error code
 *          and the entries contradict each other, the CPU has used an old
 *          translation of its TLB.
 *
 * LOCKING  None; the data may change meanwhile. This code runs in a panic.
 * NOT HERE whether a fault is an error at all (arch/i386/cpu/).
 * SEE      SDM volume 3, 4.7, figure 4-12; Linux arch/x86/mm/fault.c,
 *          show_fault_oops().
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fault_words.h>
#include <arch/fixmap.h>
#include <arch/pgtable.h>
#include <arch/stack.h>

#include "lib/printf.h"
#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page.h"

#include "arch/i386/mm/mm_impl.h"

/* Everything that a rule may look at. */
struct fault_case {
	const struct fault       *fault;
	const struct fault_walk  *walk;
	const struct fault_facts *facts;
};

/* ---- predicates on entries --------------------------------------------- */

static uint64_t last_entry(const struct fault_walk *walk)
{
	return walk->levels ? walk->entry[walk->levels - 1] : 0;
}

/* Did the walk end at an entry that maps memory? */
static bool has_leaf(const struct fault_walk *walk)
{
	uint64_t last = last_entry(walk);

	return last & PAE_P &&
	       (walk->levels == FAULT_NR_LEVELS ||
		(walk->levels == FAULT_PDE + 1 && last & PAE_PS));
}

/* A right must be in the PDE and in the PTE; a PDPTE has no rights. */
static bool all_levels_have(const struct fault_walk *walk, uint64_t bit)
{
	for (unsigned i = FAULT_PDE; i < walk->levels; i++) {
		if (!(walk->entry[i] & bit))
			return false;
	}
	return true;
}

static bool some_level_has(const struct fault_walk *walk, uint64_t bits)
{
	for (unsigned i = 0; i < walk->levels; i++) {
		if (walk->entry[i] & PAE_P && walk->entry[i] & bits)
			return true;
	}
	return false;
}

static uint64_t too_wide(const struct fault_facts *facts)
{
	return ~PAE_XD & ~((1ull << facts->phys_bits) - 1);
}

/* ---- rules --------------------------------------------------------------- */

static bool is_nx_reserved(const struct fault_case *c)
{
	return !c->facts->nx && some_level_has(c->walk, PAE_XD);
}

static bool is_too_wide(const struct fault_case *c)
{
	return some_level_has(c->walk, too_wide(c->facts));
}

static bool is_kernel_page(const struct fault_case *c)
{
	return !all_levels_have(c->walk, PAE_US);
}

static bool is_read_only(const struct fault_case *c)
{
	return !all_levels_have(c->walk, PAE_RW);
}

static bool is_nx(const struct fault_case *c)
{
	return c->facts->nx && some_level_has(c->walk, PAE_XD);
}

static bool is_user_page(const struct fault_case *c)
{
	return !(c->fault->error & PF_USER) &&
	       all_levels_have(c->walk, PAE_US);
}

static bool is_null(const struct fault_case *c)
{
	return c->fault->va < USER_BASE;
}

static bool is_user_address(const struct fault_case *c)
{
	return c->fault->va < PAGE_OFFSET;
}

static bool is_stack_guard(const struct fault_case *c)
{
	return c->facts->stack;
}

static bool is_in_area(const struct fault_case *c)
{
	return c->facts->area;
}

static bool is_area_guard(const struct fault_case *c)
{
	return c->facts->area && c->facts->area->guard;
}

static bool is_retired(const struct fault_case *c)
{
	return last_entry(c->walk);
}

/* Must the walk end at an entry that maps memory? */
#define LEAF      true
#define ANY       false

#define ANYWHERE  KVA_NR_REGIONS   /* the address may lie in any region      */

/* For causes that are a wrong bit: which bit, and which value is wrong. */
#define SET       true
#define CLEAR     false
#define P_CLEAR   PAE_P, CLEAR, "P is clear"

/* A rule applies if all of its first four members do. */
struct fault_rule {
	bool            leaf;
	uint32_t        error;    /* bits that the error code must have       */
	enum kva_region region;
	bool          (*applies)(const struct fault_case *c);   /* or NULL    */

	uint64_t        bit;
	bool            wrong;    /* the bit is wrong when set, or when clear */
	const char     *mark;
};

static const struct fault_rule rules[FAULT_NR_CAUSES] = {
	[FAULT_NX_RESERVED] = { ANY, PF_RESERVED, ANYWHERE, is_nx_reserved,
				PAE_XD, SET, "XD is set" },
	[FAULT_TOO_WIDE] = { ANY, PF_RESERVED, ANYWHERE, is_too_wide,
			     0, SET, "address too wide" },
	[FAULT_RESERVED] = { ANY, PF_RESERVED, ANYWHERE, NULL, 0, SET, NULL },
	[FAULT_KERNEL_PAGE] = { LEAF, PF_USER, ANYWHERE, is_kernel_page,
				PAE_US, CLEAR, "US is clear" },
	[FAULT_READ_ONLY] = { LEAF, PF_WRITE, ANYWHERE, is_read_only,
			      PAE_RW, CLEAR, "RW is clear" },
	[FAULT_NX] = { LEAF, PF_FETCH, ANYWHERE, is_nx,
		       PAE_XD, SET, "XD is set" },
	[FAULT_SMEP] = { LEAF, PF_PRESENT | PF_FETCH, ANYWHERE, is_user_page,
			 PAE_US, SET, "US is set" },
	[FAULT_SMAP] = { LEAF, PF_PRESENT, ANYWHERE, is_user_page,
			 PAE_US, SET, "US is set" },
	[FAULT_STALE] = { LEAF, 0, ANYWHERE, NULL, 0, SET, NULL },
	[FAULT_GONE] = { ANY, PF_PRESENT, ANYWHERE, NULL, P_CLEAR },
	[FAULT_NULL] = { ANY, 0, ANYWHERE, is_null, P_CLEAR },
	[FAULT_USER_UNMAPPED] = { ANY, PF_USER, ANYWHERE, is_user_address,
				  P_CLEAR },
	[FAULT_USER_ADDRESS] = { ANY, 0, ANYWHERE, is_user_address, P_CLEAR },
	[FAULT_STACK_GUARD] = { ANY, 0, ANYWHERE, is_stack_guard, P_CLEAR },
	[FAULT_NO_RAM] = { ANY, 0, KVA_LOWMEM, NULL, P_CLEAR },
	[FAULT_AREA_GUARD] = { ANY, 0, KVA_VMALLOC, is_area_guard, P_CLEAR },
	[FAULT_AREA_HOLE] = { ANY, 0, KVA_VMALLOC, is_in_area, P_CLEAR },
	[FAULT_FREED] = { ANY, 0, KVA_VMALLOC, is_retired,
			  PAE_P, CLEAR, "P is clear, frame kept" },
	[FAULT_NO_AREA] = { ANY, 0, KVA_VMALLOC, NULL, P_CLEAR },
	[FAULT_KMAP_SLOT] = { ANY, 0, KVA_PKMAP, NULL, P_CLEAR },
	[FAULT_FIXMAP_SLOT] = { ANY, 0, KVA_FIXMAP, NULL, P_CLEAR },
	[FAULT_GAP] = { ANY, 0, ANYWHERE, NULL, P_CLEAR },
};

static bool rule_applies(const struct fault_rule *rule,
			 const struct fault_case *c)
{
	kva_t va = c->fault->va;

	return (!rule->leaf || has_leaf(c->walk)) &&
	       (c->fault->error & rule->error) == rule->error &&
	       (rule->region == ANYWHERE ||
		(va >= PAGE_OFFSET && kva_region_of(va) == rule->region)) &&
	       (!rule->applies || rule->applies(c));
}

enum fault_cause fault_classify(const struct fault *fault,
				const struct fault_walk *walk,
				const struct fault_facts *facts)
{
	struct fault_case c = { fault, walk, facts };
	unsigned cause = 0;

	while (cause < FAULT_NR_CAUSES - 1 && !rule_applies(&rules[cause], &c))
		cause++;
	return cause;
}

const char *fault_cause_text(enum fault_cause cause)
{
	static const char *const texts[FAULT_NR_CAUSES] = {
#define C(name, text) [name] = text,
		FAULT_CAUSES(C)
#undef C
	};

	return texts[cause];
}

/* Is the entry of this level the cause? */
static bool level_is_guilty(const struct fault_case *c, unsigned level,
			    enum fault_cause cause)
{
	const struct fault_rule *rule = &rules[cause];
	uint64_t bit = cause == FAULT_TOO_WIDE ? too_wide(c->facts) :
						 rule->bit;
	bool set = c->walk->entry[level] & bit;

	/* A PDPTE has P and an address, but no rights. */
	if (!bit || (level == FAULT_PDPTE && bit & (PAE_RW | PAE_US)))
		return false;
	return set == rule->wrong;
}

/* ---- words -------------------------------------------------------------- */

static const struct bit_name bit_names[] = {
	{ PAE_P,   "P"   }, { PAE_RW,  "RW"  }, { PAE_US, "US" },
	{ PAE_PWT, "PWT" }, { PAE_PCD, "PCD" }, { PAE_A,  "A"  },
	{ PAE_D,   "D"   }, { PAE_PS,  "PS"  }, { PAE_G,  "G"  },
	{ PAE_XD,  "XD"  },
};

static const char *const level_names[FAULT_NR_LEVELS] = {
	[FAULT_PDPTE] = "PDPTE", [FAULT_PDE] = "PDE", [FAULT_PTE] = "PTE",
};

static unsigned level_index(unsigned level, kva_t va)
{
	return level == FAULT_PDPTE ? pdpt_index(va) :
	       level == FAULT_PDE ? pd_index(va) : pt_index(va);
}

static void describe_access(const struct fault *fault, line_fn out)
{
	/* Without NX there is no fetch bit; then the address equals EIP. */
	bool fetch = fault->error & PF_FETCH || fault->va == fault->ip;
	char where[80] = "";

	if (fault->ip)
		scnprintf(where, sizeof(where), " at 0x%08x %pS", fault->ip,
			  (void *)(uintptr_t)fault->ip);
	line_printf(out, "  %s 0x%08x by %s mode%s, error 0x%x",
		    fetch ? "fetch from" :
		    fault->error & PF_WRITE ? "write to" : "read of", fault->va,
		    fault->error & PF_USER ? "user" : "kernel", where,
		    fault->error);
}

static void describe_region(const struct fault *fault, line_fn out)
{
	kva_t start = 0, end = USER_BASE;
	const char *name = "never mapped";

	if (fault->va >= PAGE_OFFSET) {
		enum kva_region region = kva_region_of(fault->va);

		kva_region_bounds(region, &start, &end);
		name = kva_region_name(region);
	} else if (fault->va >= USER_BASE) {
		start = USER_BASE;
		end = PAGE_OFFSET;
		name = "user mode";
	}
	line_printf(out, "  region: %s, 0x%08x - 0x%08x", name, start, end - 1);
}

/* The name of the stack or area at the address, for causes that have one. */
static void describe_owner(const struct fault_case *c, enum fault_cause cause,
			   line_fn out)
{
	const struct vm_area_info *area = c->facts->area;

	if (cause == FAULT_STACK_GUARD)
		line_printf(out, "  guard page of stack \"%s\"",
			    c->facts->stack);
	else if (area &&
		 (cause == FAULT_AREA_GUARD || cause == FAULT_AREA_HOLE))
		line_printf(out, "  area 0x%08x - 0x%08x, made by %pS",
			    area->start, area->end, area->caller);
	else if (cause == FAULT_KMAP_SLOT)
		line_printf(out, "  kmap slot %u",
			    (c->fault->va - PKMAP_BASE) / PAGE_SIZE);
	else if (cause == FAULT_FIXMAP_SLOT)
		line_printf(out, "  fixmap slot %u",
			    (FIXADDR_TOP - c->fault->va - 1) / PAGE_SIZE);
}

static void describe_level(const struct fault_case *c, unsigned level,
			   enum fault_cause cause, line_fn out)
{
	uint64_t entry = c->walk->entry[level];
	bool guilty = level_is_guilty(c, level, cause);
	char bits[40];

	bits_format(bits, sizeof(bits), entry, bit_names,
		    ARRAY_SIZE(bit_names));
	line_printf(out, "  %5s[%3u] 0x%016llx %s%s%s", level_names[level],
		    level_index(level, c->fault->va),
		    (unsigned long long)entry, bits, guilty ? "  <-- " : "",
		    guilty ? rules[cause].mark : "");
}

void fault_describe(const struct fault *fault, const struct fault_walk *walk,
		    const struct fault_facts *facts, line_fn out)
{
	enum fault_cause cause = fault_classify(fault, walk, facts);
	struct fault_case c = { fault, walk, facts };

	out(fault_cause_text(cause));
	describe_access(fault, out);
	describe_region(fault, out);
	describe_owner(&c, cause, out);
	for (unsigned level = 0; level < MIN(walk->levels, FAULT_NR_LEVELS);
	     level++)
		describe_level(&c, level, cause, out);
}

/* ---- the live tables ---------------------------------------------------- */

/*
 * Read an entry of a table. A wrong entry may lead anywhere, so the table must
 * lie in RAM. Page tables of user mode may be highmem.
 */
static bool read_entry(phys_addr_t table, unsigned index, uint64_t *entry)
{
	const uint64_t *entries;

	if (!phys_range_has_ram(table, phys_add(table, PAGE_SIZE)))
		return false;
	if (phys_is_lowmem(table)) {
		entries = phys_to_virt(table);
		*entry = entries[index];
		return true;
	}
	if (!mem_map || kmap_local_depth() == KMAP_LOCAL_SLOTS)
		return false;
	entries = kmap_local(pfn_to_page(phys_to_pfn(table)));
	*entry = entries[index];
	kunmap_local(entries);
	return true;
}

void fault_walk(uint32_t cr3, kva_t va, struct fault_walk *walk)
{
	/* The PDPT is aligned to 32 bytes, other tables to pages. */
	phys_addr_t table = PHYS(cr3 & ~31u);
	uint64_t entry;

	walk->levels = 0;
	while (walk->levels < FAULT_NR_LEVELS &&
	       read_entry(table, level_index(walk->levels, va), &entry)) {
		unsigned level = walk->levels++;

		walk->entry[level] = entry;
		if (!(entry & PAE_P) || (level == FAULT_PDE && entry & PAE_PS))
			return;
		table = PHYS(entry & PAE_ADDR_MASK);
	}
}

const char *fault_explain(const struct fault *fault, line_fn out)
{
	const struct kernel_stack *stack = stack_find_guard(fault->va);
	struct fault_facts facts = {
		.phys_bits = cpu_phys_bits(),
		.nx = cpu_has(CPU_NX),
		.stack = stack ? stack->name : NULL,
	};
	struct vm_area_info area;
	struct fault_walk walk = { 0 };

	if (mem_map && vmalloc_find(fault->va, &area))
		facts.area = &area;
	fault_walk(read_cr3(), fault->va, &walk);
	if (out)
		fault_describe(fault, &walk, &facts, out);
	return fault_cause_text(fault_classify(fault, &walk, &facts));
}
