// SPDX-License-Identifier: MIT
/*
 * leak.c - what has been allocated since a mark and not freed, by caller
 *
 * WHAT     `leak mark` begins to write down each allocation with those who
 *          asked for it; `leak` prints those that are still there, the same
 *          callers together.
 *
 * PICTURE    pagoda> leak mark
 *            pagoda> alloc kmalloc 100
 *            pagoda> leak
 *              1 object of kmalloc-128, 128 bytes, the first at 0xc1404080
 *                take_kmalloc+0x2a < monitor_alloc+0x9d < run+0x31
 *
 * TERMS    record   an address, its kind, and the return addresses of those
 *                   who asked
 *
 * RULES of leak
 *          K1  an address has one record for each kind: that of its last
 *              allocation. Every allocation is seen while we look, so what is
 *              allocated now was allocated by whom the record names
 *
 * ALGORITHM  A hash table that never forgets: whether something is still
 *          allocated says the allocator, after its magazines and lists have
 *          been emptied. So frees cost nothing, and need not be seen.
 *
 * LOCKING  Interrupts off in the hook.
 * COST     About 100 instructions an allocation while marked; nothing else.
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
#define PROBES     32u      /* places looked at, before one is not recorded  */
#define CALLERS    8u
#define LINES_MAX  40u      /* groups that are printed                       */

struct record {
	const void     *what;               /* NULL: empty                   */
	enum alloc_kind kind;
	bool            listed;             /* of a group printed already    */
	uint32_t        callers[CALLERS];   /* 0 ends them                   */
};

static struct record *records;   /* vmalloc()ed at the first mark */
static unsigned long missed;     /* allocations without a record  */
static bool marked;

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

/* Who called, by the chain of frame pointers. */
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
		/* Not ours, but our caller's frame: the allocator's. */
		write_callers(r, *(void **)__builtin_frame_address(0));
	} else {
		missed++;
	}
	irq_restore(flags);
}

/* ---- what is still there --------------------------------------------- */

static bool is_allocated(const struct record *r)
{
	struct slab_object_info info;
	const struct page *page = r->what;

	if (!r->what)
		return false;
	if (r->kind == ALLOC_PAGES)
		return page->state == PAGE_USED || page->state == PAGE_TABLE;
	return slab_find_object(r->what, &info) && info.object == r->what &&
	       info.state == SLAB_OBJECT_TAKEN;
}

/* A page's state is that of its block, so one that is a tail is none. */
static uint64_t size_of(const struct record *r)
{
	struct slab_object_info info;
	const struct page *page = r->what;

	if (r->kind == ALLOC_PAGES)
		return (uint64_t)PAGE_SIZE << page->order;
	return slab_find_object(r->what, &info) ? info.size : 0;
}

static const char *name_of(const struct record *r)
{
	struct slab_object_info info;

	if (r->kind == ALLOC_PAGES)
		return "pages";
	return slab_find_object(r->what, &info) ? info.cache : "?";
}

static bool same_group(const struct record *a, const struct record *b)
{
	return a->kind == b->kind && !strcmp(name_of(a), name_of(b)) &&
	       !memcmp(a->callers, b->callers, sizeof(a->callers));
}

static void print_callers(const struct record *r)
{
	say("   ");
	for (unsigned i = 0; i < CALLERS && r->callers[i]; i++)
		say("%s%pS", i ? " < " : " ", kva_to_ptr(r->callers[i]));
	say("\n");
}

/* One group: all that have not been listed and are like the first. */
static void print_group(struct record *first)
{
	uint64_t bytes = 0;
	unsigned count = 0;
	pfn_t pfn = PFN(0);

	for (struct record *r = first; r < records + RECORDS; r++) {
		if (r->listed || !is_allocated(r) || !same_group(first, r))
			continue;
		r->listed = true;
		count++;
		bytes += size_of(r);
	}
	if (first->kind == ALLOC_PAGES) {
		pfn = page_to_pfn(first->what);
		say("  %u x pages, %pM, the first at %pF\n", count, &bytes,
		    &pfn);
	} else {
		say("  %u x %s, %llu bytes, the first at %p\n", count,
		    name_of(first), (unsigned long long)bytes, first->what);
	}
	print_callers(first);
}

static void print_all(void)
{
	unsigned groups = 0;

	for (unsigned i = 0; i < RECORDS; i++)
		records[i].listed = false;
	for (unsigned i = 0; i < RECORDS; i++) {
		struct record *r = &records[i];

		if (r->listed || !is_allocated(r))
			continue;
		if (++groups > LINES_MAX)
			break;
		print_group(r);
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
	marked = true;
	alloc_trace_start(note);
	say("Allocations are written down from now on; `leak` shows those that are left.\n");
	return 0;
}

static int stop(void)
{
	alloc_trace_stop();
	vfree(records);
	records = NULL;
	marked = false;
	return 0;
}

int monitor_leak(unsigned argc, char *const argv[])
{
	if (argc > 1 && !strcmp(argv[1], "mark"))
		return mark();
	if (argc > 1 && !strcmp(argv[1], "off"))
		return stop();
	if (argc > 1)
		return complain("leak %.20s: `mark`, `off` or nothing", argv[1]);
	if (!marked)
		return complain("no mark: begin with `leak mark`");
	if (!failpoint_countdown)
		complain("a test has ended the trace: what came after it is missing");
	/* What lies in magazines and lists is free: let it say so. */
	shrink_all();
	print_all();
	return 0;
}
