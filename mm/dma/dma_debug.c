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

static const char *const direction_texts[DMA_NR_DIRECTIONS] = {
	[DMA_BIDIRECTIONAL] = "both",
	[DMA_TO_DEVICE] = "to device",
	[DMA_FROM_DEVICE] = "from device",
};

static const char *const kind_texts[DMA_NR_KINDS] = {
	[DMA_SINGLE] = "one buffer",
	[DMA_LIST] = "a list of pieces",
	[DMA_COHERENT] = "coherent memory",
};

static const char *direction_text(enum dma_direction dir)
{
	return dma_dir_valid(dir) ? direction_texts[dir] : "no direction";
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

/*
 * A record that begins exactly at this address: the record that agrees in
 * everything, or any other. Coherent memory and streaming mappings are never
 * mixed up.
 */
static struct dma_record *find_exact(struct dma_device *dev,
				     const struct dma_record *what)
{
	struct dma_record *record, *best = NULL;

	list_for_each_entry(record, &dev->mappings, link) {
		if (!bus_eq(record->bus, what->bus) ||
		    (record->kind == DMA_COHERENT) !=
		    (what->kind == DMA_COHERENT))
			continue;
		if (record->size == what->size && record->dir == what->dir &&
		    record->kind == what->kind)
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

static void report_unknown(struct dma_device *dev,
			   const struct dma_record *what)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct gone g = { 0 };   /* the last mapping of this address          */

	for (unsigned i = 1; i <= GONE_MAX && i <= nr_gone && !g.dev; i++) {
		const struct gone *found = &gone[(nr_gone - i) % GONE_MAX];

		if (found->dev == dev && bus_eq(found->bus, what->bus))
			g = *found;
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	if (g.dev)
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
			   &record->bus, kind_texts[record->kind],
			   record->caller, kind_texts[what->kind]);
	if (record->size != what->size)
		dma_report(dev, "%pB mapped with %zu bytes by %pS, unmapped with %zu",
			   &record->bus, record->size, record->caller,
			   what->size);
	if (record->dir != what->dir)
		dma_report(dev, "%pB mapped %s by %pS, unmapped %s",
			   &record->bus, direction_text(record->dir),
			   record->caller, direction_text(what->dir));
}

/* The result of a try to remove a record. */
enum taken {
	TAKEN,       /* `what` is now as it was mapped                        */
	UNTRACKED,   /* no record; perhaps mapped before debug mode           */
	UNKNOWN,     /* neither; this has been reported                       */
};

static enum taken take(struct dma_device *dev, struct dma_record *what)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *record = find_exact(dev, what);
	enum taken taken = UNKNOWN;

	if (record) {
		list_del(&record->link);
		gone[nr_gone++ % GONE_MAX] = (struct gone){
			dev, record->bus, record->caller, what->caller };
		taken = TAKEN;
	} else if (what->kind != DMA_COHERENT && dev->untracked) {
		dev->untracked--;
		taken = UNTRACKED;
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	if (taken == UNKNOWN)
		report_unknown(dev, what);
	if (!record)
		return taken;
	report_differences(dev, record, what);
	*what = *record;
	dma_record_free(record);
	return taken;
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
bool dma_debug_take_list(struct dma_device *dev, const struct scatterlist *sg,
			 unsigned nr, enum dma_direction dir,
			 const void *caller)
{
	if (!dma_debug_on)
		return true;
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
			/* Our own records: true. The ! is for __must_check. */
			(void)!dma_debug_take_list(dev, sg, i, dir, caller);
			return false;
		}
		dma_debug_add(dev, record, &what);
	}
	return true;
}

/* ---- sync ------------------------------------------------------------ */

void dma_debug_sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		    enum dma_direction dir, const void *caller)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *found = dma_record_find(dev, bus, size);
	struct dma_record record = found ? *found : (struct dma_record){ 0 };
	bool untracked = dev->untracked != 0;

	spin_unlock_irqrestore(&dma_lock, flags);
	if (!found && !untracked)
		dma_report(dev, "%pB is not mapped, but synced by %pS", &bus,
			   caller);
	if (!found)
		return;
	if (!dma_below(record.bus.v + record.size - 1, bus.v, size))
		dma_report(dev, "%pB synced with %zu bytes by %pS, beyond its end",
			   &bus, size, caller);
	/* A mapping for both directions may be synced for each of them. */
	if (record.dir != DMA_BIDIRECTIONAL && record.dir != dir)
		dma_report(dev, "%pB mapped %s by %pS, synced %s", &bus,
			   direction_text(record.dir), record.caller,
			   direction_text(dir));
}

/* ---- everything of a device ------------------------------------------ */

/* Take the first record off the list; NULL: there is none. */
static struct dma_record *take_first(struct dma_device *dev, bool coherent_too)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *record, *found = NULL;

	list_for_each_entry(record, &dev->mappings, link)
		if (coherent_too || record->kind != DMA_COHERENT) {
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

	while ((record = take_first(dev, true))) {
		if (record->kind == DMA_COHERENT) {
			dma_report(dev, "%pB, %zu bytes of coherent memory, never freed; allocated by %pS",
				   &record->bus, record->size, record->caller);
			dma_coherent_release(dev, record);
		} else {
			dma_report(dev, "%pB, %zu bytes, never unmapped; mapped by %pS",
				   &record->bus, record->size, record->caller);
		}
		dma_record_free(record);
	}
}

/* Drop all records: records of only some mappings would give wrong reports. */
void dma_debug_enable(bool on)
{
	struct dma_device *dev;
	struct dma_record *record;

	if (on == dma_debug_on)
		return;
	WRITE_ONCE(dma_debug_on, on);
	list_for_each_entry(dev, &dma_devices, link) {
		while ((record = take_first(dev, false)))
			dma_record_free(record);
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
			HOLDS(other == record ||
			      other->bus.v >= record->bus.v + record->size ||
			      record->bus.v >= other->bus.v + other->size,
			      "dma_debug R1: two records do not overlap");
	}
	return NULL;
}
