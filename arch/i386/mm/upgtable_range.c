// SPDX-License-Identifier: MIT
/*
 * upgtable_range.c - page tables of user address spaces: whole ranges
 *
 * WHAT     Unmaps, protects, visits, copies and moves the entries of a range.
 *
 * PICTURE  A range is split into chunks. A chunk lies in one page table, and
 *          its pages fit into an array on the stack:
 *
 *            start                                             end
 *            |-- chunk --|-- chunk --|  (no table)  |-- chunk --|
 *            [       table n         ][  absent    ][ table n+2 ]
 *
 *          For each chunk: map the table, change the entries, unmap the table,
 *          flush, call the caller's function.
 *
 * TERMS    batch    pages found in a chunk, for the caller's function
 *          flush    addresses whose entries were present and have changed
 *
 * RULES of upgtable_range
 *          R1  no function of the caller but may_write() runs while a table is
 *              mapped: preemption is off then
 *          R2  a page is given to the caller only after the TLB has forgotten
 *              it
 *
 * ALGORITHM  upt_next_table() skips 2 MiB or 1 GiB without a table in one step.
 *          So a range costs only as much as its tables.
 *
 * LOCKING  The owner's lock.
 * COST     An empty entry costs less than half of a used entry; see
 *          tests/bench/bench_upgtable.c.
 * SEE      Linux mm/memory.c zap_pte_range(), copy_pte_range(), mm/mprotect.c
 *          change_pte_range(), mm/mremap.c move_ptes().
 */
#include "lib/errno.h"

#include "arch/i386/mm/upgtable_impl.h"

#define CHUNK_PAGES  64u   /* a quarter of a KiB on the stack               */

struct flush {
	unsigned nr;
	uaddr_t  va[TLB_FLUSH_ALL_ABOVE];
};

struct batch {
	unsigned     nr;
	struct page *page[CHUNK_PAGES];
};

static bool is_user_range(uaddr_t start, uaddr_t end)
{
	return start.v <= end.v && end.v <= PAGE_OFFSET &&
	       ((start.v | end.v) & ~PAGE_MASK) == 0;
}

/* ---- flushes ------------------------------------------------------------- */

/* There is no initializer: it would also clear the array each time. */
static inline void flush_init(struct flush *flush)
{
	flush->nr = 0;
}

static inline void flush_add(struct flush *flush, uaddr_t va)
{
	if (flush->nr < TLB_FLUSH_ALL_ABOVE)
		flush->va[flush->nr] = va;
	flush->nr++;
}

static void flush_done(struct flush *flush, const struct upgtable *upt)
{
	unsigned nr = flush->nr;

	flush->nr = 0;
	if (!upt_is_loaded(upt))
		return;
	if (nr > TLB_FLUSH_ALL_ABOVE) {
		tlb_flush_user();
		return;
	}
	for (unsigned i = 0; i < nr; i++)
		tlb_flush_page(flush->va[i].v);
}

/* Flush a whole range: a note of each changed entry would cost more. */
static void flush_range(const struct upgtable *upt, uaddr_t start,
			uaddr_t end)
{
	if (!upt_is_loaded(upt))
		return;
	if (end.v - start.v > TLB_FLUSH_ALL_ABOVE * PAGE_SIZE) {
		tlb_flush_user();
		return;
	}
	for (uaddr_t va = start; va.v < end.v; va.v += PAGE_SIZE)
		tlb_flush_page(va.v);
}

/* ---- unmap --------------------------------------------------------------- */

/* Empty entries from va on until the batch is full. Returns: where it ended. */
static uaddr_t unmap_chunk(struct page *pt, uaddr_t va, uaddr_t end,
			   struct batch *batch, struct flush *flush)
{
	pte_t *entries = table_map(pt, UPT_SLOT);
	pte_t *entry = &entries[pt_index(va.v)];
	unsigned devices = 0;

	for (; va.v < end.v && batch->nr < CHUNK_PAGES;
	     va.v += PAGE_SIZE, entry++) {
		uint32_t low = entry->low, high = entry->high;

		if (!low)
			continue;
		entry_clear(entry);
		if (unlikely(low & UPTE_DEVICE))
			devices++;
		else
			batch->page[batch->nr++] =
				pfn_to_page(upte_pfn(low, high));
		if (low & PAE_P)
			flush_add(flush, va);
	}
	table_unmap();
	pt->refs -= batch->nr + devices;
	return va;
}

void upt_clear_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		     upt_pages_fn fn, void *arg)
{
	uaddr_t va = start;
	struct flush flush;
	struct batch batch;
	struct page *pt;

	assert(is_user_range(start, end));
	flush_init(&flush);
	while ((pt = upt_next_table(upt, &va, end))) {
		uaddr_t run = run_end(va, end);

		if (!table_used(pt)) {
			va = run;
			continue;
		}
		batch.nr = 0;
		va = unmap_chunk(pt, va, run, &batch, &flush);
		flush_done(&flush, upt);
		if (batch.nr)
			fn(batch.page, batch.nr, arg);
	}
}

void upt_unmap_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		     upt_pages_fn fn, void *arg)
{
	upt_clear_range(upt, start, end, fn, arg);
	upt_free_empty(upt, start, end);
}

/* ---- protect ------------------------------------------------------------- */

struct protect {
	unsigned rights;
	bool   (*may_write)(struct page *page);
	bool     changed;       /* the TLB may have a changed entry         */
};

/*
 * Frame, A and D stay. XD changes together with UPTE_NO_EXEC, so one comparison
 * is enough. Returns: P if the entry was present and has changed.
 */
static always_inline uint32_t protect_entry(pte_t *entry, const pte_t *bits)
{
	uint32_t old = entry->low;
	uint32_t low = (old & ~UPTE_RIGHTS) | bits->low;

	if (low == old)
		return 0;
	WRITE_ONCE(entry->low, 0);
	entry_store_halves(entry, low,
			   (entry->high & ~UPTE_HIGH_XD) | bits->high);
	return old & PAE_P;
}

/* `ask` is a constant in each caller, so the usual loop is short. */
static always_inline void protect_entries(pte_t *entry, uaddr_t va,
					  uaddr_t end, struct protect *p,
					  bool ask)
{
	const pte_t *bits = &upt_bits[p->rights];
	uint32_t changed = 0;

	for (; va.v < end.v; va.v += PAGE_SIZE, entry++) {
		if (!entry->low)
			continue;
		if (ask) {
			unsigned rights = p->rights;
			pfn_t pfn = upte_pfn(entry->low, entry->high);

			if (!p->may_write(pfn_to_page(pfn)))
				rights &= ~UPT_WRITE;
			bits = &upt_bits[rights];
		}
		changed |= protect_entry(entry, bits);
	}
	if (changed)
		p->changed = true;
}

static void protect_table(struct page *pt, uaddr_t va, uaddr_t end,
			  struct protect *p)
{
	pte_t *entry = table_map(pt, UPT_SLOT) + pt_index(va.v);

	if (p->rights & UPT_WRITE && p->may_write)
		protect_entries(entry, va, end, p, true);
	else
		protect_entries(entry, va, end, p, false);
	table_unmap();
}

void upt_protect_range(struct upgtable *upt, uaddr_t start, uaddr_t end,
		       unsigned rights, bool (*may_write)(struct page *page))
{
	struct protect p;
	uaddr_t va = start;
	struct page *pt;

	assert(is_user_range(start, end) && rights <= UPT_RIGHTS);
	p.rights = rights;
	p.may_write = may_write;
	p.changed = false;
	while (va.v < end.v && (pt = upt_next_table(upt, &va, end))) {
		uaddr_t run = run_end(va, end);

		if (table_used(pt))
			protect_table(pt, va, run, &p);
		va = run;
	}
	if (p.changed)
		flush_range(upt, start, end);
}

/* ---- visit --------------------------------------------------------------- */

struct found {
	unsigned         nr;
	uaddr_t          va[CHUNK_PAGES];
	struct upt_entry entry[CHUNK_PAGES];
};

static uaddr_t find_chunk(struct page *pt, uaddr_t va, uaddr_t end,
			  struct found *found)
{
	pte_t *entries = table_map(pt, UPT_SLOT);
	const pte_t *entry = &entries[pt_index(va.v)];

	found->nr = 0;
	for (; va.v < end.v && found->nr < CHUNK_PAGES;
	     va.v += PAGE_SIZE, entry++) {
		if (!entry->low)
			continue;
		found->va[found->nr] = va;
		found->entry[found->nr++] = upte_decode(entry->low,
							entry->high);
	}
	table_unmap();
	return va;
}

int upt_for_each(const struct upgtable *upt, uaddr_t start, uaddr_t end,
		 upt_visit_fn fn, void *arg)
{
	struct found found;
	struct page *pt;

	assert(is_user_range(start, end));
	while ((pt = upt_next_table(upt, &start, end))) {
		uaddr_t run = run_end(start, end);

		if (!table_used(pt)) {
			start = run;
			continue;
		}
		start = find_chunk(pt, start, run, &found);
		for (unsigned i = 0; i < found.nr; i++) {
			int result = fn(found.va[i], found.entry[i], arg);

			if (result)
				return result;
		}
	}
	return 0;
}

/* ---- copy ---------------------------------------------------------------- */

struct copy {
	bool         write_protect;
	struct batch batch;
	struct flush flush;
};

static void copy_entry(pte_t *to, pte_t *from, uaddr_t va, struct copy *copy)
{
	uint32_t low = from->low, high = from->high;

	assert(!to->low && !(low & UPTE_DEVICE));
	if (copy->write_protect && low & PAE_RW) {
		low &= ~(uint32_t)PAE_RW;
		WRITE_ONCE(from->low, low);
		if (low & PAE_P)
			flush_add(&copy->flush, va);
	}
	entry_store_halves(to, low, high);
	copy->batch.page[copy->batch.nr++] = pfn_to_page(upte_pfn(low, high));
}

/* Both tables have the same addresses. Returns: where it ended. */
static uaddr_t copy_chunk(struct page *to_pt, struct page *from_pt,
			  uaddr_t va, uaddr_t end, struct copy *copy)
{
	pte_t *to = table_map(to_pt, UPT_SLOT_OTHER);
	pte_t *from = table_map(from_pt, UPT_SLOT);

	copy->batch.nr = 0;
	for (; va.v < end.v && copy->batch.nr < CHUNK_PAGES;
	     va.v += PAGE_SIZE) {
		unsigned i = pt_index(va.v);

		if (from[i].low)
			copy_entry(&to[i], &from[i], va, copy);
	}
	table_unmap();
	table_unmap();
	to_pt->refs += copy->batch.nr;
	return va;
}

int upt_copy_range(struct upgtable *to, struct upgtable *from, uaddr_t start,
		   uaddr_t end, bool write_protect, upt_pages_fn fn, void *arg)
{
	struct page *from_pt, *to_pt;
	struct copy copy;
	int err = 0;

	copy.write_protect = write_protect;
	flush_init(&copy.flush);
	assert(is_user_range(start, end));
	while ((from_pt = upt_next_table(from, &start, end))) {
		uaddr_t run = run_end(start, end);

		if (!table_used(from_pt)) {
			start = run;
			continue;
		}
		to_pt = upt_get_table(to, start);
		if (!to_pt) {
			err = -ENOMEM;
			break;
		}
		start = copy_chunk(to_pt, from_pt, start, run, &copy);
		if (copy.batch.nr)
			fn(copy.batch.page, copy.batch.nr, arg);
	}
	flush_done(&copy.flush, from);
	return err;
}

/* ---- move ---------------------------------------------------------------- */

/* Make the tables for the entries of [from, end) at their new place, `by`
 * higher. */
static int move_reserve(struct upgtable *upt, uaddr_t from, uaddr_t end,
			uint32_t by)
{
	struct page *pt;

	while ((pt = upt_next_table(upt, &from, end))) {
		uaddr_t run = run_end(from, end);

		if (table_used(pt) &&
		    (!upt_get_table(upt, uaddr_add(from, by)) ||
		     !upt_get_table(upt, uaddr_add(run, by - PAGE_SIZE))))
			return -ENOMEM;
		from = run;
	}
	return 0;
}

/* Move entries from one table to one other table. */
static void move_chunk(struct page *to_pt, struct page *from_pt, uaddr_t va,
		       uaddr_t end, uint32_t by, struct flush *flush)
{
	pte_t *to = table_map(to_pt, UPT_SLOT_OTHER);
	pte_t *from = table_map(from_pt, UPT_SLOT);
	unsigned nr = 0;

	for (; va.v < end.v; va.v += PAGE_SIZE) {
		pte_t *source = &from[pt_index(va.v)];
		pte_t *target = &to[pt_index(va.v + by)];
		pte_t entry = *source;

		if (!entry.low)
			continue;
		assert(!target->low);
		entry_clear(source);
		entry_store_halves(target, entry.low, entry.high);
		if (entry.low & PAE_P)
			flush_add(flush, va);
		nr++;
	}
	table_unmap();
	table_unmap();
	from_pt->refs -= nr;
	to_pt->refs += nr;
}

int upt_move_range(struct upgtable *upt, uaddr_t from, uaddr_t to,
		   uint32_t size)
{
	uaddr_t va = from, end = uaddr_add(from, size);
	uint32_t by = to.v - from.v;
	struct flush flush;
	struct page *pt;
	int err;

	flush_init(&flush);
	assert(is_user_range(from, end));
	assert(is_user_range(to, uaddr_add(to, size)));
	assert(from.v + size <= to.v || to.v + size <= from.v);
	err = move_reserve(upt, from, end, by);
	if (err) {
		upt_free_empty(upt, UADDR(to.v & ~(PT_SPAN - 1)),
			       uaddr_add(to, size + PT_SPAN - 1));
		return err;
	}
	while ((pt = upt_next_table(upt, &va, end))) {
		uaddr_t run = run_end(va, end);
		uaddr_t target = uaddr_add(va, by);
		uaddr_t stop = uaddr_add(run_end(target, uaddr_add(run, by)),
					 0u - by);

		if (table_used(pt)) {
			move_chunk(upt_find_table(upt, target), pt, va, stop,
				   by, &flush);
			run = stop;
		}
		va = run;
	}
	flush_done(&flush, upt);
	upt_free_empty(upt, from, end);
	return 0;
}
