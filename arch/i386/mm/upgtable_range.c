// SPDX-License-Identifier: MIT
/*
 * upgtable_range.c - page tables of user address spaces: whole ranges
 *
 * WHAT     Unmaps, protects, visits, copies and moves the entries of a range.
 *
 * PICTURE  A range is worked off in chunks. A chunk lies in one page table, and
 *          what has been found in it fits an array on the stack:
 *
 *            start                                             end
 *            |-- chunk --|-- chunk --|  (no table)  |-- chunk --|
 *            [       table n         ][  absent    ][ table n+2 ]
 *
 *          For each: map the table, work, unmap it; flush; tell the caller.
 *
 * TERMS    batch    pages found in a chunk, for the caller's function
 *          flush    addresses whose entries were present and have changed
 *
 * INVARIANTS
 *          R1  no function of the caller but may_write() runs while a table is
 *              mapped by kmap_local(): it may sleep
 *          R2  a page is given to the caller only after the TLB has forgotten
 *              it
 *
 * ALGORITHM  Where there is no table upt_next_table() passes over 2 MiB or
 *          1 GiB at once, so the cost of a range is that of its tables.
 *
 * LOCKING  The owner's lock.
 * COST     About 10 instructions an entry that is empty, 20 to 30 one that is
 *          not; about 60 a chunk. tests/bench/bench_upgtable.c.
 * SEE      Linux mm/memory.c zap_pte_range(), copy_pte_range(); mm/mprotect.c
 *          change_pte_range(); mm/mremap.c move_ptes().
 */
#include "lib/errno.h"

#include "arch/i386/mm/upgtable_impl.h"

#define CHUNK_PAGES  64u   /* a quarter of a KiB on the stack               */

struct flush {
	unsigned nr;
	uint32_t va[TLB_FLUSH_ALL_ABOVE];
};

struct batch {
	unsigned     nr;
	struct page *page[CHUNK_PAGES];
};

static bool is_user_range(uint32_t start, uint32_t end)
{
	return start <= end && end <= PAGE_OFFSET &&
	       ((start | end) & ~PAGE_MASK) == 0;
}

/* ---- flushes ------------------------------------------------------------- */

static inline void flush_add(struct flush *flush, uint32_t va)
{
	if (flush->nr < TLB_FLUSH_ALL_ABOVE)
		flush->va[flush->nr] = va;
	flush->nr++;
}

static void flush_done(struct flush *flush, const struct upgtable *upt)
{
	if (!upt_is_loaded(upt)) {
		flush->nr = 0;
		return;
	}
	if (flush->nr > TLB_FLUSH_ALL_ABOVE) {
		tlb_flush_user();
	} else {
		for (unsigned i = 0; i < flush->nr; i++)
			tlb_flush_page(flush->va[i]);
	}
	flush->nr = 0;
}

/* ---- unmap --------------------------------------------------------------- */

/* Empty entries from va on, until the batch is full. Returns: its end. */
static uint32_t unmap_chunk(struct page *pt, uint32_t va, uint32_t end,
			    struct batch *batch, struct flush *flush)
{
	struct entry_halves *entries = kmap_local(pt);
	struct entry_halves *entry = &entries[pt_index(va)];

	for (; va < end && batch->nr < CHUNK_PAGES; va += PAGE_SIZE, entry++) {
		uint32_t low = entry->low, high = entry->high;

		if (!low)
			continue;
		entry_clear(entry);
		batch->page[batch->nr++] = pfn_to_page(upte_pfn(low, high));
		if (low & PAE_P)
			flush_add(flush, va);
	}
	kunmap_local(entries);
	pt->refs -= batch->nr;
	return va;
}

void upt_unmap_range(struct upgtable *upt, uint32_t start, uint32_t end,
		     upt_pages_fn fn, void *arg)
{
	struct flush flush = { .nr = 0 };
	uint32_t va = start;
	struct batch batch;
	struct page *pt;

	assert(is_user_range(start, end));
	while ((pt = upt_next_table(upt, &va, end))) {
		uint32_t run = run_end(va, end);

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
	upt_free_empty(upt, start, end);
}

/* ---- protect ------------------------------------------------------------- */

/* Give one entry new rights. Returns: whether the CPU may know the old ones. */
static bool protect_entry(struct entry_halves *entry, unsigned rights,
			  bool (*may_write)(struct page *page))
{
	uint32_t low = entry->low;
	pfn_t pfn = upte_pfn(low, entry->high);

	if (rights & UPT_WRITE && may_write && !may_write(pfn_to_page(pfn)))
		rights &= ~UPT_WRITE;
	if (upte_rights(low) == rights)
		return false;
	WRITE_ONCE(entry->low, 0);
	upte_set(entry, pfn, rights, low & (uint32_t)(PAE_A | PAE_D));
	return low & PAE_P;
}

static void protect_table(struct page *pt, uint32_t va, uint32_t end,
			  unsigned rights, bool (*may_write)(struct page *page),
			  struct flush *flush)
{
	struct entry_halves *entries = kmap_local(pt);
	struct entry_halves *entry = &entries[pt_index(va)];

	for (; va < end; va += PAGE_SIZE, entry++) {
		if (entry->low && protect_entry(entry, rights, may_write))
			flush_add(flush, va);
	}
	kunmap_local(entries);
}

void upt_protect_range(struct upgtable *upt, uint32_t start, uint32_t end,
		       unsigned rights, bool (*may_write)(struct page *page))
{
	struct flush flush = { .nr = 0 };
	struct page *pt;

	assert(is_user_range(start, end) && rights <= UPT_RIGHTS);
	/* Any right is at least that to read; an entry would say so, too. */
	if (rights)
		rights |= UPT_READ;
	while ((pt = upt_next_table(upt, &start, end))) {
		uint32_t run = run_end(start, end);

		if (table_used(pt))
			protect_table(pt, start, run, rights, may_write,
				      &flush);
		start = run;
	}
	flush_done(&flush, upt);
}

/* ---- visit --------------------------------------------------------------- */

struct found {
	unsigned         nr;
	uint32_t         va[CHUNK_PAGES];
	struct upt_entry entry[CHUNK_PAGES];
};

static uint32_t find_chunk(struct page *pt, uint32_t va, uint32_t end,
			   struct found *found)
{
	struct entry_halves *entries = kmap_local(pt);
	const struct entry_halves *entry = &entries[pt_index(va)];

	found->nr = 0;
	for (; va < end && found->nr < CHUNK_PAGES; va += PAGE_SIZE, entry++) {
		if (!entry->low)
			continue;
		found->va[found->nr] = va;
		found->entry[found->nr++] = upte_decode(entry->low,
							entry->high);
	}
	kunmap_local(entries);
	return va;
}

int upt_for_each(const struct upgtable *upt, uint32_t start, uint32_t end,
		 upt_visit_fn fn, void *arg)
{
	struct found found;
	struct page *pt;

	assert(is_user_range(start, end));
	while ((pt = upt_next_table(upt, &start, end))) {
		uint32_t run = run_end(start, end);

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

static void copy_entry(struct entry_halves *to, struct entry_halves *from,
		       uint32_t va, struct copy *copy)
{
	uint32_t low = from->low, high = from->high;

	assert(!to->low);
	if (copy->write_protect && low & PAE_RW) {
		low &= ~(uint32_t)PAE_RW;
		WRITE_ONCE(from->low, low);
		if (low & PAE_P)
			flush_add(&copy->flush, va);
	}
	upte_store(to, low, high);
	copy->batch.page[copy->batch.nr++] = pfn_to_page(upte_pfn(low, high));
}

/* Both tables have the same addresses. Returns: where it ended. */
static uint32_t copy_chunk(struct page *to_pt, struct page *from_pt,
			   uint32_t va, uint32_t end, struct copy *copy)
{
	struct entry_halves *to = kmap_local(to_pt);
	struct entry_halves *from = kmap_local(from_pt);

	copy->batch.nr = 0;
	for (; va < end && copy->batch.nr < CHUNK_PAGES; va += PAGE_SIZE) {
		unsigned i = pt_index(va);

		if (from[i].low)
			copy_entry(&to[i], &from[i], va, copy);
	}
	kunmap_local(from);
	kunmap_local(to);
	to_pt->refs += copy->batch.nr;
	return va;
}

int upt_copy_range(struct upgtable *to, struct upgtable *from, uint32_t start,
		   uint32_t end, bool write_protect, upt_pages_fn fn, void *arg)
{
	struct copy copy = { .write_protect = write_protect };
	struct page *from_pt, *to_pt;
	int err = 0;

	assert(is_user_range(start, end));
	while ((from_pt = upt_next_table(from, &start, end))) {
		uint32_t run = run_end(start, end);

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

/* Make the tables that the entries of [from, end) will need, `by` further. */
static int move_reserve(struct upgtable *upt, uint32_t from, uint32_t end,
			uint32_t by)
{
	struct page *pt;

	while ((pt = upt_next_table(upt, &from, end))) {
		uint32_t run = run_end(from, end);

		if (table_used(pt) &&
		    (!upt_get_table(upt, from + by) ||
		     !upt_get_table(upt, run - PAGE_SIZE + by)))
			return -ENOMEM;
		from = run;
	}
	return 0;
}

/* Entries of one table to one table. */
static void move_chunk(struct page *to_pt, struct page *from_pt, uint32_t va,
		       uint32_t end, uint32_t by, struct flush *flush)
{
	struct entry_halves *to = kmap_local(to_pt);
	struct entry_halves *from = kmap_local(from_pt);
	unsigned nr = 0;

	for (; va < end; va += PAGE_SIZE) {
		struct entry_halves *source = &from[pt_index(va)];
		struct entry_halves *target = &to[pt_index(va + by)];
		struct entry_halves entry = *source;

		if (!entry.low)
			continue;
		assert(!target->low);
		entry_clear(source);
		upte_store(target, entry.low, entry.high);
		if (entry.low & PAE_P)
			flush_add(flush, va);
		nr++;
	}
	kunmap_local(from);
	kunmap_local(to);
	from_pt->refs -= nr;
	to_pt->refs += nr;
}

int upt_move_range(struct upgtable *upt, uint32_t from, uint32_t to,
		   uint32_t size)
{
	uint32_t va = from, end = from + size, by = to - from;
	struct flush flush = { .nr = 0 };
	struct page *pt;
	int err;

	assert(is_user_range(from, end) && is_user_range(to, to + size));
	assert(from + size <= to || to + size <= from);
	err = move_reserve(upt, from, end, by);
	if (err)
		return err;
	while ((pt = upt_next_table(upt, &va, end))) {
		uint32_t run = run_end(va, end);
		uint32_t stop = run_end(va + by, run + by) - by;

		if (table_used(pt)) {
			move_chunk(upt_find_table(upt, va + by), pt, va, stop,
				   by, &flush);
			run = stop;
		}
		va = run;
	}
	flush_done(&flush, upt);
	upt_free_empty(upt, from, end);
	return 0;
}
