// SPDX-License-Identifier: MIT
/*
 * dma_impl.h - for the files of mm/dma/ and their tests only
 *
 * PICTURE    map.c  sg.c  coherent.c <- pool.c       what a driver calls
 *              |      |      |
 *              +------+------+--> iova.c    behind an IOMMU
 *              |      |      |
 *              +------+--------> bounce.c   in front of a short mask
 *              |      |      |      '-> bounce_pool.c
 *              +------+------+--> dma_debug.c who mapped it
 *                                 device.c  who the device is
 *
 * LOCKING  dma_lock protects everything that several mappings share: the list
 *          of devices, records, trees, the pool's map. While the lock is held,
 *          no memory is allocated, no bytes are copied, and no table of an
 *          IOMMU is changed. One instruction changes a counter.
 */
#pragma once

#include "lib/rangetree.h"
#include "lib/spinlock.h"
#include "mm/dma/dma.h"
#include "mm/page/page.h"

/* The code address of a public function's caller, for reports. */
#define DMA_CALLER()  __builtin_return_address(0)

extern struct spinlock  dma_lock;
extern struct list_head dma_devices;   /* dma_lock */

/* Add to a counter of a device; interrupt handlers count too. */
static inline void dma_count(unsigned long *counter, unsigned long n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* What the device does with memory that is mapped in this direction. */
static inline bool dma_dir_reads(enum dma_direction dir)
{
	return dir != DMA_FROM_DEVICE;
}

static inline bool dma_dir_writes(enum dma_direction dir)
{
	return dir != DMA_TO_DEVICE;
}

static inline bool dma_dir_valid(enum dma_direction dir)
{
	return (unsigned)dir < DMA_NR_DIRECTIONS;
}

/* Do `size` > 0 bytes from an address on end at or below the mask? */
static inline bool dma_below(uint64_t mask, uint64_t address, size_t size)
{
	debug_caller_must(size > 0, "look at a byte at least");
	return address <= mask && size - 1 <= mask - address;
}

/* Pages that `size` bytes from an offset within a page on touch. */
static inline uint32_t dma_nr_pages(uint32_t offset, size_t size)
{
	return (uint32_t)(((uint64_t)offset + size + PAGE_SIZE - 1) >>
			  PAGE_SHIFT);
}

/* ---- device.c -------------------------------------------------------- */

/* Is the whole range in frames of RAM, without a hole? */
bool dma_is_memory(phys_addr_t pa, size_t size);

/*
 * The longest range of lowmem without a hole: nearly all of lowmem, on most
 * machines. Physical addresses; constant after dma_init(), and empty before.
 */
struct dma_run {
	uint32_t start, size;
};

extern struct dma_run dma_ram_run;

/* Allocate lowmem that the device reaches directly; NULL: there is none. */
struct page *dma_alloc_lowmem(const struct dma_device *dev, gfp_t gfp,
			      unsigned order) __must_check;

/* ---- map.c ----------------------------------------------------------- */

/*
 * Map memory in one of the three ways, without a record. Behind an IOMMU, the
 * first bus page is a multiple of `align`.
 * Returns: the bus address, or DMA_MAPPING_ERROR.
 */
bus_addr_t dma_map_phys(struct dma_device *dev, phys_addr_t pa, size_t size,
			enum dma_direction dir, uint32_t align) __must_check;

/* ---- dma_debug.c: records -------------------------------------------- */

enum dma_kind { DMA_SINGLE, DMA_LIST, DMA_COHERENT, DMA_NR_KINDS };

/* A mapping. Streaming mappings have a record only in debug mode. */
struct dma_record {
	struct list_head   link;      /* dev->mappings                        */
	bus_addr_t         bus;
	size_t             size;
	enum dma_direction dir;
	enum dma_kind      kind;
	void              *ptr;       /* DMA_COHERENT: ours                   */
	const void        *caller;    /* the code that mapped it              */
};

extern bool dma_debug_on;

/* Write a line about a wrong use of the device into the log, and count it. */
void dma_report(const struct dma_device *dev, const char *fmt, ...)
	__printf(2, 3) __cold;

struct dma_record *dma_record_alloc(gfp_t gfp) __must_check;
void dma_record_free(struct dma_record *record);   /* NULL is allowed */

/*
 * Called before a streaming mapping. *record is a new record, or NULL if debug
 * mode is off. Returns: false when there is no memory for a record.
 */
bool dma_debug_reserve(struct dma_record **record) __must_check;

/* Called after the mapping: fills the record and lists it, if there is one. */
void dma_debug_add(struct dma_device *dev, struct dma_record *record,
		   const struct dma_record *what);

/*
 * Called before an unmap. `what` describes the unmap; the function corrects it
 * to what was really mapped. Returns: false when there is no such mapping. This
 * has been reported, and the caller must not unmap anything.
 */
bool dma_debug_take(struct dma_device *dev, struct dma_record *what);

/*
 * The same for the ranges of a list. Each range has a record; either all
 * records are added or none. While debug mode is off, both do nothing and
 * return true.
 */
bool dma_debug_add_list(struct dma_device *dev, const struct scatterlist *sg,
			unsigned nr_ranges, enum dma_direction dir,
			const void *caller) __must_check;
bool dma_debug_take_list(struct dma_device *dev, const struct scatterlist *sg,
			 unsigned nr, enum dma_direction dir,
			 const void *caller) __must_check;

/* A part of a mapping is synced; anything odd is reported. */
void dma_debug_sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		    enum dma_direction dir, const void *caller);

/* Called for a new device: it has no mappings that are gone. */
void dma_debug_begin(const struct dma_device *dev);

/* The record that has all `size` bytes, or at least the first byte; or NULL. */
struct dma_record *dma_record_find(struct dma_device *dev, bus_addr_t bus,
				   size_t size) MUST_HOLD(&dma_lock);

/* A device goes away: report and forget its mappings, free its memory. */
void dma_debug_forget(struct dma_device *dev);

const char *dma_records_check(const struct dma_device *dev)
	MUST_HOLD(&dma_lock);
void dma_debug_init(void);

/* ---- bounce.c, bounce_pool.c ----------------------------------------- */

/* Memory that a device uses in place of the original. */
struct bounce {
	struct rb_node     rb;        /* by bus address                       */
	struct dma_device *dev;
	bus_addr_t         bus;       /* of the first byte of the copy        */
	phys_addr_t        original;
	size_t             size;
	enum dma_direction dir;
	struct page       *pages;     /* of the copy, nr_pages in a row       */
	uint32_t           nr_pages;
	uint8_t            order;     /* of the block, if not from the pool   */
	bool               from_pool;
};

extern unsigned dma_nr_bounces;       /* live ones, of all devices */

/* A bounce with pages in reach of the device; NULL: there are none. */
struct bounce *bounce_take(struct dma_device *dev, uint32_t nr_pages)
	__must_check;
void bounce_give(struct bounce *bounce);

/* Map through a copy. Returns: the bus address, or DMA_MAPPING_ERROR. */
bus_addr_t bounce_map(struct dma_device *dev, phys_addr_t original,
		      size_t size, enum dma_direction dir) __must_check;

/*
 * End a mapping. If the device may have written, copy out, unless `discard` is
 * set. If no bounce begins at the bus address, do nothing.
 */
void bounce_unmap(struct dma_device *dev, bus_addr_t bus, bool discard);

/* Copy the bytes [bus, bus + size) of all bounces there, in or out. */
void bounce_sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		 enum dma_direction dir, bool for_cpu);

/* The bounce that contains an address; NULL: there is none. */
struct bounce *bounce_find(bus_addr_t bus) MUST_HOLD(&dma_lock);

/* Drop all bounces that a device has left. */
void bounce_drop_all(struct dma_device *dev);

/* Pages of the pool, and of these free. */
struct bounce_usage {
	uint32_t nr, free;
};
void bounce_pool_usage(struct bounce_usage *usage);

/*
 * A bounce of the pool has been put into the tree, or taken out. Its pages are
 * in hand before it is in the tree, and afterwards (P1).
 */
void bounce_pool_listed(const struct bounce *bounce, bool listed)
	MUST_HOLD(&dma_lock);

const char *bounce_check(void) MUST_HOLD(&dma_lock);
const char *bounce_pool_check(const struct rb_root *bounces)
	MUST_HOLD(&dma_lock);
void bounce_pool_init(void);

/* ---- iova.c ---------------------------------------------------------- */

/* A range of bus pages of one device. */
struct iova {
	struct range_node node;       /* page numbers                         */
	bool              whole;      /* mapped; not while it is being filled
					 or taken down                        */
};

/* For a device behind an IOMMU. Returns: 0, -ENOMEM. */
int  iova_create(struct dma_device *dev) __must_check;
void iova_destroy(struct dma_device *dev);

/* nr free bus pages, the first a multiple of align; NULL: none, no memory. */
struct iova *iova_take(struct dma_device *dev, uint32_t nr, uint32_t align)
	__must_check;

/* The bus address of its n-th page. */
static inline bus_addr_t iova_bus(const struct iova *iova, uint32_t n)
{
	return BUS((uint64_t)(iova->node.start + n) << PAGE_SHIFT);
}

/* Rights of a mapping in the IOMMU's tables. */
unsigned iova_prot(enum dma_direction dir);

/* Unmap all pages of the run, and give the run back. */
void iova_give(struct dma_device *dev, struct iova *iova);

/* Map contiguous memory. Returns: the bus address, or DMA_MAPPING_ERROR. */
bus_addr_t iova_map(struct dma_device *dev, phys_addr_t pa, size_t size,
		    enum dma_direction dir, uint32_t align) __must_check;

/*
 * Unmap the whole run that begins in the page of bus.
 * Returns: false when there is no such run; this is reported.
 */
bool iova_unmap(struct dma_device *dev, bus_addr_t bus);

const char *iova_check(const struct dma_device *dev) MUST_HOLD(&dma_lock);
void iova_init(void);

/* ---- coherent.c, pool.c ---------------------------------------------- */

/* Free the coherent memory of a record that is in no list. */
void dma_coherent_release(struct dma_device *dev,
			  const struct dma_record *record);

const char *dma_pools_check(void) MUST_HOLD(&dma_lock);
