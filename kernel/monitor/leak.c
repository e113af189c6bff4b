// SPDX-License-Identifier: MIT
/*
 * leak.c - what has been allocated since a mark and not freed, by caller
 *
 * WHAT     After `leak mark` each allocation is written down with its callers.
 *          `leak` prints those that have not been freed, in groups with the
 *          same callers.
 *
 * PICTURE    pagoda> leak mark
 *            pagoda> alloc kmalloc 100
 *            pagoda> leak
 *              1 x kmalloc-128, 128 bytes, the first at 0xc1404080
 *                take_kmalloc+0x2a < monitor_alloc+0x9d < run+0x31
 *
 * TERMS    record   an address, its kind, and the return addresses of its
 *                   callers
 *
 * RULES of leak
 *          K1  an address has one record for each kind: that of its last
 *              allocation. Each allocation is written down, so the record of
 *              an allocated object names the callers of this object
 *
 * ALGORITHM  A hash table that forgets nothing. The allocator knows what is
 *          still allocated, after its magazines and lists have been emptied.
 *          So frees need no hook and cost nothing.
 *
 * LOCKING  Interrupts off in the hook.
 * COST     While marked: a search in the table for each allocation.
 * NOT HERE how allocations get here (lib/alloc_trace.h).
 */
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/probe.h>

#include "kernel/monitor/monitor_impl.h"
#include "kernel/sched/thread.h"
#include "lib/alloc_trace.h"
#include "lib/failpoint.h"
#include "lib/string.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/slab.h"

#define RECORDS    4096u    /* a power of two                                */
#define PROBES     32u      /* places to try; then the allocation is missed  */
#define CALLERS    8u
#define LINES_MAX  40u      /* groups that are printed                       */

struct record {
	const void     *what;               /* NULL: empty                   */
	enum alloc_kind kind;
	bool            listed;             /* its group has been printed    */
	uint32_t        callers[CALLERS];   /* 0 ends them                   */
};

static struct record *records;   /* vmalloc()ed; NULL: no mark    */
static unsigned long missed;     /* allocations without a record  */

/* ---- the hook -------------------------------------------------------- */

static struct record *record_for(const void *what, enum alloc_kind kind)
{
	uint32_t hash = (ptr_to_kva(what) >> 3) * 2654435761u;

	for (unsigned i = 0; i < PROBES; i++) {
		struct record *r = &records[((hash >> 16) + i) % RECORDS];

		if (!r->what || (r->what == what && r->kind == kind))
			return r;
	}
	return NULL;
}

/* The callers, by the chain of frame pointers. */
static void write_callers(struct record *r, const uint32_t *frame)
{
	memset(r->callers, 0, sizeof(r->callers));
	for (unsigned i = 0; i < CALLERS; i++) {
		uint32_t next, address;

		if (!probe_read32(frame, &next) ||
		    !probe_read32(frame + 1, &address) || !address)
			return;
		r->callers[i] = address;
		if (next <= ptr_to_kva(frame))
			return;
		frame = kva_to_ptr(next);
	}
}

static noinline void note(const void *what, enum alloc_kind kind)
{
	irqflags_t flags = irq_save();
	struct record *r = record_for(what, kind);

	if (r) {
		r->what = what;
		r->kind = kind;
		/* The frame of the allocator, which has called note(). */
		write_callers(r, *(void **)__builtin_frame_address(0));
	} else {
		missed++;
	}
	irq_restore(flags);
}

/* ---- what is still there --------------------------------------------- */

/*
 * Is it still allocated? Then *name says which cache it is of, or "pages". The
 * head of a block has the state, so pages inside a block are none.
 */
static bool is_allocated(const struct record *r, const char **name,
			 uint64_t *size)
{
	struct slab_object_info info;
	const struct page *page = r->what;

	if (!r->what || r->listed)
		return false;
	if (r->kind == ALLOC_PAGES) {
		*name = "pages";
		*size = (uint64_t)PAGE_SIZE << page->order;
		return page->state == PAGE_USED || page->state == PAGE_TABLE;
	}
	if (!slab_find_object(r->what, &info))
		return false;
	*name = info.cache;
	*size = info.size;
	return info.object == r->what && info.state == SLAB_OBJECT_TAKEN;
}

/* A group: all records that are not listed yet and are like the first one. */
static void print_group(struct record *first, const char *name)
{
	uint64_t size, bytes = 0;
	const char *other;
	unsigned count = 0;
	pfn_t pfn;

	for (struct record *r = first; r < records + RECORDS; r++) {
		if (!is_allocated(r, &other, &size) || r->kind != first->kind ||
		    strcmp(other, name) ||
		    memcmp(r->callers, first->callers, sizeof(r->callers)))
			continue;
		r->listed = true;
		count++;
		bytes += size;
	}
	if (first->kind == ALLOC_PAGES) {
		pfn = page_to_pfn(first->what);
		say("  %u x pages, %pM, the first at %pF\n   ", count, &bytes,
		    &pfn);
	} else {
		say("  %u x %s, %llu bytes, the first at %p\n   ", count, name,
		    (unsigned long long)bytes, first->what);
	}
	for (unsigned i = 0; i < CALLERS && first->callers[i]; i++)
		say("%s%pS", i ? " < " : " ", kva_to_ptr(first->callers[i]));
	say("\n");
}

static void print_all(void)
{
	unsigned groups = 0;
	const char *name;
	uint64_t size;

	for (unsigned i = 0; i < RECORDS; i++)
		records[i].listed = false;
	for (unsigned i = 0; i < RECORDS && groups <= LINES_MAX; i++) {
		if (is_allocated(&records[i], &name, &size) &&
		    ++groups <= LINES_MAX)
			print_group(&records[i], name);
	}
	if (groups > LINES_MAX)
		say("  ... and more\n");
	if (!groups)
		say("Nothing that was allocated since the mark is left.\n");
	if (missed)
		say("%lu allocations did not fit the table.\n", missed);
}

/* ---- commands -------------------------------------------------------- */

static int mark(void)
{
	alloc_trace_stop();
	if (!records)
		records = vmalloc(RECORDS * sizeof(struct record));
	if (!records)
		return complain("there is no memory for %u records", RECORDS);
	memset(records, 0, RECORDS * sizeof(struct record));
	missed = 0;
	alloc_trace_start(note);
	say("Allocations are written down from now on; `leak` shows those that are left.\n");
	return 0;
}

int monitor_leak(char *const argv[])
{
	if (argv[1] && !strcmp(argv[1], "mark"))
		return mark();
	if (argv[1] && !strcmp(argv[1], "off")) {
		alloc_trace_stop();
		vfree(records);
		records = NULL;
		return 0;
	}
	if (argv[1])
		return complain("leak %.20s: `mark`, `off` or nothing", argv[1]);
	if (!records)
		return complain("no mark: begin with `leak mark`");
	if (!failpoint_countdown)
		complain("a test has ended the trace: what came after it is missing");
	/* Objects in magazines and pages in lists must look free. */
	shrink_all();
	print_all();
	return 0;
}
