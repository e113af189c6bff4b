// SPDX-License-Identifier: MIT
/*
 * dma_debug.c - records of mappings: was each one unmapped as it was mapped?
 *
 * WHAT     In debug mode each streaming mapping has a record in the list of its
 *          device: address, size, direction, and the code that made it. An
 *          unmap removes the record, and reports every difference. Coherent
 *          memory always has a record.
 *
 * TERMS    report     a line in the log about a mistake, and a count of them
 *          untracked  mapped while debug mode was off: only the number of these
 *                     mappings is known
 *          gone       a mapping that was unmapped a short time ago
 *
 * INVARIANTS of dma_debug (dma_records_check() restates them)
 *          R1  no two records of a device overlap
 *          R2  a record lies below the mask of its device
 *
 * ALGORITHM  An unmap looks for the bus address in the list. If the record has
 *          another size, direction or kind, this is reported, and the mapping
 *          is unmapped as it was mapped: so nothing else breaks. If there is no
 *          record, nothing is unmapped. If the address is one of the last few
 *          that are gone, the report names the code that unmapped it and the
 *          code that mapped it. But while there are untracked mappings, an
 *          unknown address counts as one of these.
 *          If there is no memory for a record, the mapping is refused: with
 *          some records missing, there would be wrong reports.
 *
 * LOCKING  dma_lock. Reports are printed outside.
 * COST     A record, and a walk over the device's list: it is for debugging.
 * SEE      Linux kernel/dma/debug.c.
 */
#include <stdarg.h>

#include "lib/log.h"
#include "lib/printf.h"
#include "mm/dma/dma_impl.h"
#include "mm/slab/slab.h"

#define GONE_MAX     32u    /* enough for two rings of descriptors           */
#define REPORT_MAX   160

struct gone {
	const struct dma_device *dev;
	bus_addr_t               bus;
	const void              *mapped_by, *unmapped_by;
};

/*
 * Protection:  I  set at boot, then constant
 *              l  dma_lock
 *              a  atomic
 */
static struct kmem_cache *record_cache;     /* I                             */
static struct gone        gone[GONE_MAX];   /* l  a ring                     */
static unsigned           nr_gone;          /* l  ever                       */
static unsigned long      nr_reports;       /* a                             */
bool                      dma_debug_on = CONFIG_DEBUG;   /* l to change      */

const char *const dma_direction_text[DMA_NR_DIRECTIONS] = {
#define D(direction, text) [direction] = text,
	DMA_DIRECTIONS(D)
#undef D
};

static const char *const kind_text[DMA_NR_KINDS] = {
#define K(kind, text) [kind] = text,
	DMA_KINDS(K)
#undef K
};

static const char *direction_text(enum dma_direction dir)
{
	return dma_dir_valid(dir) ? dma_direction_text[dir] : "no direction";
}

/* ---- reports --------------------------------------------------------- */

void dma_report(const struct dma_device *dev, const char *fmt, ...)
{
	char text[REPORT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err_limited("dma: %s: %s\n", dev->name, text);
	dma_count(&nr_reports, 1);
}

unsigned long dma_debug_nr_reports(void)
{
	return READ_ONCE(nr_reports);
}

/* ---- records --------------------------------------------------------- */

struct dma_record *dma_record_alloc(gfp_t gfp)
{
	return kmem_cache_alloc(record_cache, gfp);
}

void dma_record_free(struct dma_record *record)
{
	if (record)
		kmem_cache_free(record_cache, record);
}

/* Another device may have been at this address before. */
void dma_debug_begin(const struct dma_device *dev)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);

	for (unsigned i = 0; i < GONE_MAX; i++)
		if (gone[i].dev == dev)
			gone[i].dev = NULL;
	spin_unlock_irqrestore(&dma_lock, flags);
}

bool dma_debug_reserve(struct dma_record **record)
{
	*record = NULL;
	if (!dma_debug_on)
		return true;
	*record = dma_record_alloc(GFP_ATOMIC | GFP_NOWARN);
	return *record != NULL;
}

struct dma_record *dma_record_find(struct dma_device *dev, bus_addr_t bus,
				   size_t size)
{
	struct dma_record *record, *begins = NULL;

	debug_assert_held(&dma_lock);
	list_for_each_entry(record, &dev->mappings, link) {
		uint64_t last = record->bus.v + record->size - 1;

		if (bus.v < record->bus.v || bus.v > last)
			continue;
		if (dma_below(last, bus.v, size))
			return record;
		begins = record;
	}
	return begins;
}

static bool agree(const struct dma_record *a, const struct dma_record *b)
{
	return a->size == b->size && a->dir == b->dir && a->kind == b->kind;
}

/* A record that begins exactly at this address: the record that agrees in
 * everything, or, if there is none, any. Coherent memory and streaming mappings
 * are never mixed up. */
static struct dma_record *find_exact(struct dma_device *dev,
				     const struct dma_record *what)
{
	struct dma_record *record, *best = NULL;

	list_for_each_entry(record, &dev->mappings, link) {
		if (!bus_eq(record->bus, what->bus) ||
		    (record->kind == DMA_COHERENT) !=
		    (what->kind == DMA_COHERENT))
			continue;
		if (agree(record, what))
			return record;
		best = record;
	}
	return best;
}

void dma_debug_add(struct dma_device *dev, struct dma_record *record,
		   const struct dma_record *what)
{
	irqflags_t flags;

	if (!record)
		return;
	flags = spin_lock_irqsave(&dma_lock);
	*record = *what;
	list_add(&record->link, &dev->mappings);
	spin_unlock_irqrestore(&dma_lock, flags);
}

/* ---- unmapping ------------------------------------------------------- */

static void remember(struct dma_device *dev, const struct dma_record *record,
		     const void *caller)
{
	gone[nr_gone++ % GONE_MAX] = (struct gone){
		dev, record->bus, record->caller, caller
	};
}

/* The mapping of this address that is gone last; NULL: there is none. */
static const struct gone *find_gone(const struct dma_device *dev,
				    bus_addr_t bus)
{
	for (unsigned i = 1; i <= GONE_MAX && i <= nr_gone; i++) {
		const struct gone *g = &gone[(nr_gone - i) % GONE_MAX];

		if (g->dev == dev && bus_eq(g->bus, bus))
			return g;
	}
	return NULL;
}

static void report_unknown(struct dma_device *dev,
			   const struct dma_record *what)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	const struct gone *found = find_gone(dev, what->bus);
	struct gone g = found ? *found : (struct gone){ 0 };

	spin_unlock_irqrestore(&dma_lock, flags);
	if (found)
		dma_report(dev, "%pB unmapped twice, by %pS after %pS; mapped by %pS",
			   &what->bus, what->caller, g.unmapped_by,
			   g.mapped_by);
	else
		dma_report(dev, "%pB is not mapped, but unmapped by %pS",
			   &what->bus, what->caller);
}

static void report_differences(struct dma_device *dev,
			       const struct dma_record *record,
			       const struct dma_record *what)
{
	if (record->kind != what->kind)
		dma_report(dev, "%pB mapped as %s by %pS, unmapped as %s",
			   &record->bus, kind_text[record->kind],
			   record->caller, kind_text[what->kind]);
	if (record->size != what->size)
		dma_report(dev, "%pB mapped with %zu bytes by %pS, unmapped with %zu",
			   &record->bus, record->size, record->caller,
			   what->size);
	if (record->dir != what->dir)
		dma_report(dev, "%pB mapped %s by %pS, unmapped %s",
			   &record->bus, direction_text(record->dir),
			   record->caller, direction_text(what->dir));
}

/* An unknown streaming mapping may be one from before debug mode. */
static bool take_untracked(struct dma_device *dev,
			   const struct dma_record *what)
{
	if (what->kind == DMA_COHERENT || !dev->untracked)
		return false;
	dev->untracked--;
	return true;
}

/* The result of a try to remove a record. */
enum taken {
	TAKEN,       /* `what` is now as it was mapped */
	UNTRACKED,   /* there is none, but there may be a mapping */
	UNKNOWN,     /* there is neither; reported */
};

static enum taken take(struct dma_device *dev, struct dma_record *what)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *record = find_exact(dev, what);
	bool untracked = false;

	if (record) {
		list_del(&record->link);
		remember(dev, record, what->caller);
	} else {
		untracked = take_untracked(dev, what);
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	if (!record && !untracked)
		report_unknown(dev, what);
	if (!record)
		return untracked ? UNTRACKED : UNKNOWN;
	report_differences(dev, record, what);
	*what = *record;
	dma_record_free(record);
	return TAKEN;
}

bool dma_debug_take(struct dma_device *dev, struct dma_record *what)
{
	return take(dev, what) != UNKNOWN;
}

/* ---- lists ----------------------------------------------------------- */

static struct dma_record of_range(const struct scatterlist *range,
				  enum dma_direction dir, const void *caller)
{
	return (struct dma_record){
		.bus = range->bus, .size = range->bus_length, .dir = dir,
		.kind = DMA_LIST, .caller = caller
	};
}

/* The first range decides whether the whole list is known. */
static bool take_list(struct dma_device *dev, const struct scatterlist *sg,
		      unsigned nr, enum dma_direction dir, const void *caller)
{
	for (unsigned i = 0; i < nr && sg[i].bus_length; i++) {
		struct dma_record what = of_range(&sg[i], dir, caller);
		enum taken taken = take(dev, &what);

		if (i == 0 && taken != TAKEN)
			return taken == UNTRACKED;
	}
	return true;
}

bool dma_debug_add_list(struct dma_device *dev, const struct scatterlist *sg,
			unsigned nr_ranges, enum dma_direction dir,
			const void *caller)
{
	for (unsigned i = 0; i < nr_ranges; i++) {
		struct dma_record what = of_range(&sg[i], dir, caller);
		struct dma_record *record;

		if (!dma_debug_reserve(&record)) {
			(void)take_list(dev, sg, i, dir, caller);
			return false;
		}
		dma_debug_add(dev, record, &what);
	}
	return true;
}

bool dma_debug_take_list(struct dma_device *dev, const struct scatterlist *sg,
			 unsigned nr, enum dma_direction dir,
			 const void *caller)
{
	return !dma_debug_on || take_list(dev, sg, nr, dir, caller);
}

/* ---- sync ------------------------------------------------------------ */

/* A mapping for both directions may be synced for each of them. */
static bool dir_agrees(enum dma_direction mapped, enum dma_direction synced)
{
	return mapped == DMA_BIDIRECTIONAL || mapped == synced;
}

void dma_debug_sync(struct dma_device *dev, const struct dma_record *what)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *found = dma_record_find(dev, what->bus,
						   what->size);
	struct dma_record record = found ? *found : (struct dma_record){ 0 };
	bool untracked = dev->untracked != 0;

	spin_unlock_irqrestore(&dma_lock, flags);
	if (!found && !untracked)
		dma_report(dev, "%pB is not mapped, but synced by %pS",
			   &what->bus, what->caller);
	if (!found)
		return;
	if (!dma_below(record.bus.v + record.size - 1, what->bus.v, what->size))
		dma_report(dev, "%pB synced with %zu bytes by %pS, beyond its end",
			   &what->bus, what->size, what->caller);
	if (!dir_agrees(record.dir, what->dir))
		dma_report(dev, "%pB mapped %s by %pS, synced %s",
			   &what->bus, direction_text(record.dir),
			   record.caller, direction_text(what->dir));
}

/* ---- everything of a device ------------------------------------------ */

/* Take the first streaming record of a device off the list; or NULL. */
static struct dma_record *take_any(struct dma_device *dev)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *record, *found = NULL;

	list_for_each_entry(record, &dev->mappings, link)
		if (record->kind != DMA_COHERENT) {
			list_del(&record->link);
			found = record;
			break;
		}
	spin_unlock_irqrestore(&dma_lock, flags);
	return found;
}

void dma_debug_forget(struct dma_device *dev)
{
	struct dma_record *record;

	while ((record = take_any(dev))) {
		dma_report(dev, "%pB, %zu bytes, never unmapped; mapped by %pS",
			   &record->bus, record->size, record->caller);
		dma_record_free(record);
	}
}

/* Drop all records: records of only some mappings would give wrong reports. */
static void drop_records(struct dma_device *dev)
{
	struct dma_record *record;

	while ((record = take_any(dev)))
		dma_record_free(record);
}

void dma_debug_enable(bool on)
{
	struct dma_device *dev;

	if (on == dma_debug_on)
		return;
	WRITE_ONCE(dma_debug_on, on);
	list_for_each_entry(dev, &dma_devices, link) {
		drop_records(dev);
		dev->untracked = dev->stats.mapped - dev->stats.unmapped;
	}
}

/* ---- init, check ----------------------------------------------------- */

void dma_debug_init(void)
{
	record_cache = kmem_cache_create("dma_record",
					 sizeof(struct dma_record), 0,
					 SLAB_PANIC, NULL);
}

static bool overlap(const struct dma_record *a, const struct dma_record *b)
{
	return a->bus.v < b->bus.v + b->size && b->bus.v < a->bus.v + a->size;
}

/*
 * R1 holds behind an IOMMU, where each mapping has its own bus pages. Without
 * an IOMMU, memory that is mapped twice has the same bus address twice.
 */
const char *dma_records_check(const struct dma_device *dev)
{
	const struct dma_record *record, *other;

	assert_held(&dma_lock);
	list_for_each_entry(record, &dev->mappings, link) {
		HOLDS(dma_below(dev->mask, record->bus.v, record->size),
		      "dma_debug R2: a record lies below the mask");
		if (!dev->domain)
			continue;
		list_for_each_entry(other, &dev->mappings, link)
			HOLDS(other == record || !overlap(other, record),
			      "dma_debug R1: two records do not overlap");
	}
	return NULL;
}
