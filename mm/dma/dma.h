// SPDX-License-Identifier: MIT
/*
 * dma.h - memory as devices see it: bus addresses
 *
 * WHAT     A device is told a bus address, never a physical or virtual one.
 *          These functions make one for memory that the kernel has, so that
 *          the device reaches it: as it is; through a bounce buffer, where the
 *          device's mask is too short; or through the IOMMU's tables, which
 *          make scattered pages one range.
 *
 *            bus = dma_map_single(dev, buffer, 512, DMA_FROM_DEVICE);
 *            if (dma_mapping_error(bus))
 *                    return -ENOMEM;
 *            ... the device writes, the device says that it has ...
 *            dma_unmap_single(dev, bus, 512, DMA_FROM_DEVICE);
 *            ... buffer holds what it wrote ...
 *
 * TERMS    mask       highest bus address that the device can put on its wires
 *          streaming  a mapping for one transfer: between map and unmap (or the
 *                     dma_sync calls) the memory belongs to the device
 *          coherent   memory that both may touch at any time
 *          bounce     to copy through pages that the device does reach
 *
 * LOCKING  Any context, interrupts off inside; dma_alloc_coherent() and the
 *          pools may wait when gfp says so.
 * COST     A mapping without IOMMU and bounce is an addition and a comparison.
 * SEE      Linux Documentation/core-api/dma-api.rst; docs/bus-addresses.md.
 */
#pragma once

#include <arch/addr.h>

#include "lib/list.h"
#include "mm/page/gfp.h"

struct page;
struct iommu_domain;
struct dma_pool;

#define BUS(x)            ((bus_addr_t){ (x) })
#define DMA_BIT_MASK(n)   ((n) == 64 ? ~0ull : (1ull << (n)) - 1)
#define DMA_MAPPING_ERROR BUS(~0ull)

/*      direction           who writes                                       */
#define DMA_DIRECTIONS(D)                                                     \
	D(DMA_BIDIRECTIONAL, "both")                                          \
	D(DMA_TO_DEVICE,     "to device")                                     \
	D(DMA_FROM_DEVICE,   "from device")

enum dma_direction {
#define D(direction, text) direction,
	DMA_DIRECTIONS(D)
#undef D
	DMA_NR_DIRECTIONS
};

/* What was done for a device since dma_device_init(). */
struct dma_stats {
	unsigned long mapped, unmapped;     /* streaming mappings             */
	unsigned long bounced_pages;        /* pages that went through copies */
	unsigned long copied_in, copied_out; /* bytes: to, from the copies    */
	unsigned long primed;               /* bytes put into copies of what  */
					    /* only the device writes         */
	unsigned long refused;              /* beyond the mask, or no memory  */
};

/*
 * A device as the DMA functions know it. The owner keeps the memory and must
 * not move it; members are changed by the functions below only.
 */
struct dma_device {
	const char          *name;
	uint64_t             mask;
	struct iommu_domain *domain;    /* NULL: bus addresses are physical   */
	void                *iova;      /* free bus addresses of the domain   */
	struct list_head     mappings;  /* what debug mode wrote down, and    */
					/* coherent memory                    */
	struct list_head     link;      /* all devices                        */
	unsigned long        untracked; /* mapped while debug mode was off    */
	struct dma_stats     stats;
};

static inline bool bus_eq(bus_addr_t a, bus_addr_t b)
{
	return a.v == b.v;
}

static inline bool dma_mapping_error(bus_addr_t bus)
{
	return bus.v == ~0ull;
}

/*
 * A device that reaches `mask`, behind `domain` or behind nothing. The domain
 * stays the caller's, who attaches the device to it; nothing else may be
 * mapped in it.
 * Returns: 0, -ENOMEM, -EINVAL (a mask that is no DMA_BIT_MASK, or below 64 K;
 *          a domain that another device has).
 */
int dma_device_init(struct dma_device *dev, const char *name, uint64_t mask,
		    struct iommu_domain *domain) __must_check;

/* Every mapping must be gone: what is left is reported, and undone. */
void dma_device_destroy(struct dma_device *dev);

/*
 * Another mask. The owner sees to it that nobody maps or unmaps meanwhile.
 * Returns: 0; -EBUSY (mappings exist); -EINVAL, -ENOMEM as above.
 */
int dma_set_mask(struct dma_device *dev, uint64_t mask) __must_check;

/* ---- streaming mappings ---------------------------------------------- */

/*
 * Lowmem; `size` bytes at ptr.
 * Returns: the bus address, or DMA_MAPPING_ERROR when neither the memory nor a
 *          bounce buffer nor the IOMMU can serve it.
 */
bus_addr_t dma_map_single(struct dma_device *dev, void *ptr, size_t size,
			  enum dma_direction dir) __must_check;
void dma_unmap_single(struct dma_device *dev, bus_addr_t bus, size_t size,
		      enum dma_direction dir);

/* Any page, HIGHMEM too; offset + size may go on into the pages behind it. */
bus_addr_t dma_map_page(struct dma_device *dev, struct page *page,
			uint32_t offset, size_t size, enum dma_direction dir)
	__must_check;
void dma_unmap_page(struct dma_device *dev, bus_addr_t bus, size_t size,
		    enum dma_direction dir);

/* A piece of a scattered buffer, and where the device finds it. */
struct scatterlist {
	struct page *page;
	uint32_t     offset, length;    /* the caller's: within the page      */
	bus_addr_t   bus;               /* dma_map_sg()'s answer, in the      */
	uint32_t     bus_length;        /* first `result` entries             */
};

/*
 * Map nr pieces. Pieces that come out contiguous are joined; behind an IOMMU
 * all are, when each but the first begins and each but the last ends at a page.
 * Returns: how many ranges the device gets, or -ENOMEM, -EINVAL: nothing is
 *          mapped then.
 */
int  dma_map_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		enum dma_direction dir) __must_check;
/* nr and dir as in the call of dma_map_sg(), not its result. */
void dma_unmap_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		  enum dma_direction dir);

/* The CPU wants to look at a part of a mapping; the device has it again. */
void dma_sync_single_for_cpu(struct dma_device *dev, bus_addr_t bus,
			     size_t size, enum dma_direction dir);
void dma_sync_single_for_device(struct dma_device *dev, bus_addr_t bus,
				size_t size, enum dma_direction dir);

/* ---- coherent memory ------------------------------------------------- */

/*
 * Whole pages, zeroed, contiguous for the device and in lowmem for us.
 * Returns: the address, and the device's in *bus; or NULL.
 */
void *dma_alloc_coherent(struct dma_device *dev, size_t size, bus_addr_t *bus,
			 gfp_t gfp) __must_check;
void  dma_free_coherent(struct dma_device *dev, size_t size, void *ptr,
			bus_addr_t bus);

/*
 * Small pieces of coherent memory: of `size` bytes, aligned to `align` (a
 * power of two), none across a multiple of `boundary` (a power of two, or 0).
 */
struct dma_pool *dma_pool_create(const char *name, struct dma_device *dev,
				 size_t size, size_t align, size_t boundary)
	__must_check;
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, bus_addr_t *bus)
	__must_check;
void  dma_pool_free(struct dma_pool *pool, void *ptr, bus_addr_t bus);
/* Everything must have come back: -EBUSY and a report when not. */
int   dma_pool_destroy(struct dma_pool *pool) __must_check;

/* ---- watching -------------------------------------------------------- */

/*
 * Drivers ask before they write a bus address into a device: emulators put
 * any address on the bus, a real device of this mask would hit other memory.
 * Returns: 0; -ERANGE (beyond the mask) or -EFAULT (debug mode: in no mapping
 *          of the device): said in the log, with device and address.
 */
int dma_check_reach(struct dma_device *dev, bus_addr_t bus, size_t size)
	__must_check;

/*
 * Debug mode: on in debug builds, or by dma_debug_enable(). Each map and unmap
 * is written down; unmapping twice, with another size or direction, or never,
 * is reported with who mapped it. Returns: reports since boot.
 */
void          dma_debug_enable(bool on);
unsigned long dma_debug_nr_reports(void);

/* What is known of a bus address of a device, for the table of addresses. */
struct dma_lookup {
	phys_addr_t   pa;               /* where the device's access ends up  */
	bool          bounced;          /* ... which is a copy of             */
	phys_addr_t   original;
};

/* Returns: false when the address is in no mapping, or debug mode is off. */
bool dma_find(struct dma_device *dev, bus_addr_t bus, struct dma_lookup *found);

/* Every device with its mask, domain and counters, a line each, to console. */
void dma_dump(void);

/* Once at boot, after the allocators: takes the bounce buffers. */
void dma_init(void);

/* NULL, or the broken invariant. */
const char *dma_check(void);
