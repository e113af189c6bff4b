// SPDX-License-Identifier: MIT
/*
 * pgtable_check.c - check every entry of the page tables against the laws
 *
 * WHAT     pgtable_check_tables() visits the PDPT, the page directory and all
 *          page tables. It stops at the first entry that breaks a law.
 *
 * PICTURE    PDPTE --check_pdpt--> PDE --check_pde--> PTE --check_pte
 *                                   |                   |
 *                                 2 MiB page            +--> bits: B1..B7
 *                                   |                   +--> place: the rule
 *                                   +------------------>     of its region
 *
 * TERMS    leaf     an entry that maps memory: a PTE, or a PDE with PS
 *          facts    the features of the CPU, and the addresses of the image.
 *                   They are an argument: a test can change a fact, and a right
 *                   entry becomes wrong
 *
 * INVARIANTS of pgtable; about tables:
 *          T1  the kernel's own PDPT has no user half; its PDPTE is present
 *          T2  a table's frame is RAM with a permanent address
 *          T3  a table's frame is marked as in use
 *          T4  no table is referenced twice
 *          T5  an entry to a table allows everything: the leaf decides
 *          About the bits of every present entry:
 *          B1  bits above the physical address width are 0
 *          B2  XD is set only while EFER.NXE is
 *          B3  software's bits are 0
 *          B4  user mode has no access
 *          B5  reserved and PAT bits are 0
 *          B6  a leaf is global exactly when CR4.PGE is set
 *          B7  nothing is writable and executable
 *          About places:
 *          N1  what is not present is 0, or retired in the vmalloc area
 *          G1  gaps are never mapped
 *          D1  a direct map entry maps its address minus 3 GiB
 *          D2  guard pages of the image are not mapped
 *          D3  the direct map has the frames of RAM, all of them, and the ISA
 *              hole, but no other; the image is RAM, whatever the loader's map
 *              says. With V3, D7, D8 and upgtable U14: no frame has two cache
 *              types
 *          D4  only text is executable
 *          D5  text is read-only and executable
 *          D6  rodata is read-only and not executable
 *          D7  data is writable, cached and not executable
 *          D8  the ISA hole is uncached
 *          D9  first chunk, last chunk, image, and chunks with holes are
 *              mapped page by page
 *          V1  in the vmalloc area only live and busy areas are mapped, and
 *              no guard page. Busy: a thread is filling or clearing the area
 *          V2  only dead and busy areas have retired entries
 *          V3  what is cached is RAM, what is uncached is not
 *          V4  2 MiB pages are for the direct map only
 *          K1  kmap slots map RAM that has no permanent address
 *          K2  kmap slots are writable and not executable
 *          F1  kmap_local slots map RAM that has no permanent address
 *          About the CPU, in pgtable_check() alone:
 *          C1  CR3 holds the PDPT that upt_switch() loaded: the kernel's, or
 *              that of a task, which upt_check() checks
 *          C2  CR0.WP, CR4.PGE and EFER.NXE are as the tables assume
 *
 * ALGORITHM  The walk is in address order, and remembers the vmalloc area found
 *          last: most often the next entry lies in the same area.
 *
 * LOCKING  pgtable_check() lets no other thread run. This is enough on one CPU.
 *          (Another CPU could add or remove an area meanwhile.)
 * NOT HERE what maps where at boot (paging.c).
 * SEE      SDM volume 3, 4.4.2, tables 4-8 to 4-11; Linux arch/x86/mm/
 *          dump_pagetables.c, "Checked W+X mappings".
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/fixmap.h>
#include <arch/pgtable_check.h>

#include "lib/log.h"
#include "lib/preempt.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/pageblock.h"

#include "arch/i386/mm/mm_impl.h"

#define SOFTWARE_BITS   0xe00ull              /* bits 9..11                 */
#define PTE_PAT         0x080ull              /* bit 7 of a PTE             */
#define PROT_BITS       (PAE_RW | PAE_PWT | PAE_PCD | PAE_XD)
#define UNCACHED        (PAE_PWT | PAE_PCD)

struct walk {
	const struct pgtable_facts *facts;
	struct pgtable_report      *report;
	const pde_t                *pd;
	struct vm_area_info         area;      /* the area found last      */
	bool                        have_area;
};

/* One leaf, or one entry that is not present. */
struct leaf {
	kva_t       va;
	uint64_t    bits;
	phys_addr_t pa;
	bool        large;
};

/* ---- predicates ------------------------------------------------------ */

static bool leaf_is_ram(const struct leaf *leaf)
{
	uint32_t size = leaf->large ? LARGE_PAGE_SIZE : PAGE_SIZE;

	return phys_range_has_ram(leaf->pa, phys_add(leaf->pa, size));
}

static bool leaf_is_highmem_ram(const struct leaf *leaf)
{
	return leaf_is_ram(leaf) && !phys_is_lowmem(leaf->pa);
}

/* Are the protection bits exactly those that `prot` stands for? */
static bool leaf_has_prot(const struct walk *w, const struct leaf *leaf,
			  enum kprot prot)
{
	uint64_t want = kprot_sdm_bits[prot];

	if (!w->facts->nx)
		want &= ~PAE_XD;
	return (leaf->bits & PROT_BITS) == want;
}

/* ---- B: bits --------------------------------------------------------- */

/* What holds for present entries of every level. */
static const char *check_bits(const struct walk *w, uint64_t entry)
{
	HOLDS(!(entry & ~PAE_XD & ~((1ull << w->facts->phys_bits) - 1)),
	      "pgtable B1: bits above the physical address width are 0");
	HOLDS(w->facts->nx || !(entry & PAE_XD),
	      "pgtable B2: XD is set only while EFER.NXE is");
	HOLDS(!(entry & SOFTWARE_BITS), "pgtable B3: software's bits are 0");
	return NULL;
}

static const char *check_leaf_bits(const struct walk *w,
				   const struct leaf *leaf)
{
	uint64_t reserved = leaf->large ? PAE_LARGE_RSVD | PAGE_SIZE : PTE_PAT;
	bool writable = leaf->bits & PAE_RW;
	bool executable = !(leaf->bits & PAE_XD);

	HOLDS(!(leaf->bits & PAE_US), "pgtable B4: user mode has no access");
	HOLDS(!(leaf->bits & reserved), "pgtable B5: reserved and PAT bits are 0");
	HOLDS(!!(leaf->bits & PAE_G) == w->facts->pge,
	      "pgtable B6: a leaf is global exactly when CR4.PGE is set");
	HOLDS(!w->facts->nx || !writable || !executable,
	      "pgtable B7: nothing is writable and executable");
	return NULL;
}

/* ---- places: one function a region ------------------------------------ */

static const char *const direct_map_laws[KPROT_NR] = {
	[KPROT_RX]     = "pgtable D5: text is read-only and executable",
	[KPROT_RO]     = "pgtable D6: rodata is read-only and not executable",
	[KPROT_RW]     = "pgtable D7: data is writable, cached, not executable",
	[KPROT_DEVICE] = "pgtable D8: the ISA hole is uncached",
};

static const char *place_lowmem(struct walk *w, const struct leaf *leaf)
{
	const struct image_layout *image = w->facts->image;
	enum kprot prot = direct_map_prot(image, leaf->va);

	HOLDS(leaf->pa.v == leaf->va - PAGE_OFFSET,
	      "pgtable D1: a direct map entry maps its address minus 3 GiB");
	HOLDS(!image_is_guard(image, leaf->va),
	      "pgtable D2: guard pages of the image are not mapped");
	HOLDS(leaf->large || direct_map_has_page(image, leaf->va),
	      "pgtable D3: the direct map has frames of RAM and the ISA hole only");
	HOLDS(!w->facts->nx || prot == KPROT_RX || leaf->bits & PAE_XD,
	      "pgtable D4: only text is executable");
	HOLDS(leaf_has_prot(w, leaf, prot), direct_map_laws[prot]);
	HOLDS(!leaf->large || !direct_map_is_small(image, leaf->va),
	      "pgtable D9: first, last chunk, image, holes are mapped page by page");
	return NULL;
}

static const char *place_gap(struct walk *w, const struct leaf *leaf)
{
	return "pgtable G1: gaps are never mapped";
}

/* Is the address in a live or busy area, and not in its guard page? */
static bool area_contains(struct walk *w, kva_t va)
{
	if (!w->have_area || va < w->area.start || va >= w->area.end)
		w->have_area = w->facts->find_area(va, &w->area);
	return w->have_area && !w->area.guard;
}

static const char *check_cached(const struct leaf *leaf)
{
	HOLDS(!(leaf->bits & UNCACHED) == leaf_is_ram(leaf),
	      "pgtable V3: what is cached is RAM, what is uncached is not");
	return NULL;
}

static const char *place_vmalloc(struct walk *w, const struct leaf *leaf)
{
	HOLDS(!w->facts->find_area || area_contains(w, leaf->va),
	      "pgtable V1: in the vmalloc area only live areas are mapped");
	return check_cached(leaf);
}

static const char *place_pkmap(struct walk *w, const struct leaf *leaf)
{
	HOLDS(leaf_is_highmem_ram(leaf),
	      "pgtable K1: kmap slots map RAM that has no permanent address");
	HOLDS(leaf_has_prot(w, leaf, KPROT_RW),
	      "pgtable K2: kmap slots are writable and not executable");
	return NULL;
}

static const char *place_fixmap(struct walk *w, const struct leaf *leaf)
{
	unsigned slot = (FIXADDR_TOP - leaf->va) / PAGE_SIZE - 1;

	if (slot >= FIX_KMAP_LOCAL_FIRST)
		HOLDS(leaf_is_highmem_ram(leaf),
		      "pgtable F1: kmap_local slots map RAM without an address");
	/* The tables of the firmware are cached, but need not be RAM. */
	if (slot == FIX_ACPI_WINDOW)
		return NULL;
	return check_cached(leaf);
}

typedef const char *(*place_fn)(struct walk *w, const struct leaf *leaf);

static const place_fn places[KVA_NR_REGIONS] = {
	[KVA_LOWMEM]    = place_lowmem,
	[KVA_GAP_LOW]   = place_gap,
	[KVA_VMALLOC]   = place_vmalloc,
	[KVA_GAP_PKMAP] = place_gap,
	[KVA_PKMAP]     = place_pkmap,
	[KVA_GAP_FIX]   = place_gap,
	[KVA_FIXMAP]    = place_fixmap,
	[KVA_GAP_TOP]   = place_gap,
};

/* ---- entries ---------------------------------------------------------- */

/* A PDE or PTE that is not present. */
static const char *check_absent(struct walk *w, const struct leaf *leaf)
{
	if (!leaf->bits) {
		HOLDS(leaf->va >= high_memory ||
		      !(leaf->large ?
			direct_map_has(leaf->va) :
			direct_map_has_page(w->facts->image, leaf->va)),
		      "pgtable D3: the direct map has all frames of RAM");
		return NULL;
	}
	HOLDS(!leaf->large && kva_region_of(leaf->va) == KVA_VMALLOC,
	      "pgtable N1: what is not present is 0, or retired in the vmalloc area");
	HOLDS(!w->facts->find_area || !area_contains(w, leaf->va) ||
	      w->area.busy, "pgtable V2: only dead areas have retired entries");
	return NULL;
}

static const char *check_leaf(struct walk *w, const struct leaf *leaf)
{
	enum kva_region region = kva_region_of(leaf->va);
	const char *law;

	if (!(leaf->bits & PAE_P))
		return check_absent(w, leaf);
	w->report->present++;
	law = check_bits(w, leaf->bits);
	if (!law)
		law = check_leaf_bits(w, leaf);
	if (law)
		return law;
	HOLDS(!leaf->large || region < KVA_VMALLOC,
	      "pgtable V4: 2 MiB pages are for the direct map only");
	return places[region](w, leaf);
}

/* Report the entry that has broken a law. */
static const char *broken(struct walk *w, const char *law, const char *level,
			  kva_t va, uint64_t entry)
{
	w->report->law = law;
	w->report->level = level;
	w->report->va = va;
	w->report->entry = entry;
	return law;
}

static const char *check_pt(struct walk *w, const pte_t *pt, kva_t start)
{
	/* Below this address an empty entry may be wrong; above it is right. */
	kva_t lowmem_end = high_memory;

	for (unsigned i = 0; i < PTRS_PER_PT; i++) {
		struct leaf leaf = {
			.va = start + i * PAGE_SIZE, .bits = pt[i].v,
		};
		const char *law;

		if (!leaf.bits && leaf.va >= lowmem_end)
			continue;
		leaf.pa = pte_phys(pt[i]);
		law = check_leaf(w, &leaf);
		if (law)
			return broken(w, law, "PTE", leaf.va, leaf.bits);
	}
	return NULL;
}

/* ---- T: tables --------------------------------------------------------- */

static const char *check_frame(const struct walk *w, phys_addr_t pa)
{
	enum page_state state;

	HOLDS(phys_is_lowmem(pa) &&
	      phys_range_has_ram(pa, phys_add(pa, PAGE_SIZE)) &&
	      !image_is_guard(w->facts->image, PAGE_OFFSET + (kva_t)pa.v),
	      "pgtable T2: a table's frame is RAM with a permanent address");
	if (!mem_map)
		return NULL;   /* no frame is free yet */
	state = page_state(phys_to_pfn(pa));
	HOLDS(state == PAGE_TABLE || state == PAGE_RESERVED,
	      "pgtable T3: a table's frame is marked as in use");
	return NULL;
}

/* Does a PDE before this one lead to the same table? */
static bool table_seen(const struct walk *w, unsigned index)
{
	phys_addr_t pa = pde_table_phys(w->pd[index]);

	if (phys_eq(pa, virt_to_phys(w->pd)))
		return true;
	for (unsigned i = 0; i < index; i++) {
		if (pde_is_table(w->pd[i]) &&
		    phys_eq(pde_table_phys(w->pd[i]), pa))
			return true;
	}
	return false;
}

static const char *check_table_entry(struct walk *w, unsigned index, kva_t va)
{
	uint64_t entry = w->pd[index].v;
	uint64_t allowed = PAE_ADDR_MASK | PAE_XD | PDE_TABLE_BITS |
			   SOFTWARE_BITS;
	const char *law = check_bits(w, entry);

	if (law)
		return law;
	HOLDS(!(entry & PAE_US), "pgtable B4: user mode has no access");
	HOLDS(!(entry & ~allowed) && entry & PAE_RW && !(entry & PAE_XD),
	      "pgtable T5: an entry to a table allows everything: the leaf decides");
	law = check_frame(w, pde_table_phys(w->pd[index]));
	if (law)
		return law;
	HOLDS(!table_seen(w, index), "pgtable T4: no table is referenced twice");
	HOLDS(va >= high_memory || direct_map_has(va),
	      "pgtable D3: the direct map has chunks with RAM only");
	return NULL;
}

static const char *check_pde(struct walk *w, unsigned index)
{
	kva_t va = PAGE_OFFSET + index * LARGE_PAGE_SIZE;
	pde_t pde = w->pd[index];
	const char *law;

	if (pde_is_table(pde)) {
		w->report->tables++;
		law = check_table_entry(w, index, va);
		if (!law)
			return check_pt(w, pde_table(pde), va);
	} else {
		struct leaf leaf = {
			.va = va, .bits = pde.v, .large = true,
			.pa = pde_large_phys(pde),
		};

		law = check_leaf(w, &leaf);
		if (!law && pde_present(pde) && !direct_map_has(va))
			law = "pgtable D3: the direct map has chunks with RAM only";
	}
	return law ? broken(w, law, "PDE", va, pde.v) : NULL;
}

static const char *check_pdpte(struct walk *w, unsigned index, pdpte_t pdpte)
{
	const char *law;

	if (index != pdpt_index(PAGE_OFFSET)) {
		HOLDS(!pdpte.v, "pgtable T1: the kernel's own PDPT has no user half");
		return NULL;
	}
	HOLDS(pdpte_present(pdpte), "pgtable T1: the kernel's PDPTE is present");
	law = check_bits(w, pdpte.v);
	if (law)
		return law;
	/*
	 * A is reserved too. But QEMU's software MMU sets A in a PDPTE, as
	 * 64-bit paging does. No real CPU does so.
	 */
	HOLDS(!(pdpte.v & ((PDPTE_RSVD & ~PAE_A) | PAE_XD)),
	      "pgtable B5: reserved and PAT bits are 0");
	return check_frame(w, pdpte_phys(pdpte));
}

/* ---- public ------------------------------------------------------------ */

void pgtable_facts_init(struct pgtable_facts *facts)
{
	facts->phys_bits = cpu_phys_bits();
	facts->nx = cpu_has(CPU_NX);
	facts->pge = cpu_has(CPU_PGE);
	facts->image = &kernel_image;
	facts->find_area = mem_map ? vmalloc_find_used : NULL;
}

const char *pgtable_check_tables(const pdpte_t *pdpt,
				 const struct pgtable_facts *facts,
				 struct pgtable_report *report)
{
	struct walk w = { .facts = facts, .report = report };

	*report = (struct pgtable_report){ .tables = 2 };
	for (unsigned i = 0; i < PTRS_PER_PDPT; i++) {
		const char *law = check_pdpte(&w, i, pdpt[i]);

		if (law)
			return broken(&w, law, "PDPTE", i << 30, pdpt[i].v);
	}
	w.pd = pdpte_table(pdpt[pdpt_index(PAGE_OFFSET)]);
	if (!image_is_ram(facts->image))
		return broken(&w, "pgtable D3: the image is RAM", "first byte",
			      facts->image->text_start, 0);
	for (unsigned i = 0; i < PTRS_PER_PD; i++) {
		const char *law = check_pde(&w, i);

		if (law)
			return law;
	}
	return NULL;
}

const char *pgtable_check_kernel(void)
{
	struct pgtable_report report;
	struct pgtable_facts facts;
	const char *law;

	pgtable_facts_init(&facts);
	preempt_disable();
	law = pgtable_check_tables(kernel_pdpt, &facts, &report);
	preempt_enable();
	if (law)
		pr_err("page tables: %s: %s of 0x%08x is 0x%016llx\n", law,
		       report.level, report.va,
		       (unsigned long long)report.entry);
	return law;
}

const char *pgtable_check(void)
{
	HOLDS(read_cr3() == upt_loaded_root().v,
	      "pgtable C1: CR3 holds the PDPT that was loaded last");
	HOLDS(read_cr0() & CR0_WP &&
	      !!(read_cr4() & CR4_PGE) == cpu_has(CPU_PGE) &&
	      (!cpu_has(CPU_NX) || read_efer() & EFER_NXE),
	      "pgtable C2: CR0.WP, CR4.PGE and EFER.NXE are as the tables assume");
	return pgtable_check_kernel();
}
