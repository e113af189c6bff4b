// SPDX-License-Identifier: MIT
/*
 * dma.h - memory as devices see it: bus addresses
 *
 * WHAT     A device is told a bus address, never a physical or virtual address.
 *          These functions make a bus address for memory of the kernel, so that
 *          the device reaches the memory. There are three ways: directly;
 *          through a bounce buffer, if the device's mask is too short; through
 *          the IOMMU's tables, which turn scattered pages into one range.
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
 *          coherent   memory that CPU and device may touch at any time
 *          bounce     to copy through pages that the device reaches
 *
 * LOCKING  Any context. Interrupts are off inside.
 * COST     A mapping without IOMMU and bounce is an addition and a comparison.
 * SEE      Linux Documentation/core-api/dma-api.rst; docs/bus-addresses.md.
 */
#pragma once

#include <arch/addr.h>

#include "lib/list.h"
#include "mm/page/gfp.h"

struct page;
struct iommu_domain;
struct iova_space;
struct dma_pool;

#define BUS(x)            ((bus_addr_t){ (x) })
#define DMA_BIT_MASK(n)   ((n) == 64 ? ~0ull : (1ull << (n)) - 1)
#define DMA_MAPPING_ERROR BUS(~0ull)

enum dma_direction {
	DMA_BIDIRECTIONAL,      /* both write                                 */
	DMA_TO_DEVICE,          /* the device reads                           */
	DMA_FROM_DEVICE,        /* the device writes                          */
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
 * A device, for the DMA functions. The owner keeps the structure and must not
 * move it. Only the functions below change the members.
 */
struct dma_device {
	const char          *name;
	uint64_t             mask;
	struct iommu_domain *domain;    /* NULL: bus addresses are physical   */
	struct iova_space   *iova;      /* bus pages of the domain            */
	struct list_head     mappings;  /* records of debug mode, and of      */
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
 * Make a device that reaches `mask`. It is behind `domain`, or behind no IOMMU
 * (NULL). The caller owns the domain and attaches the device to it. Nothing
 * else may be mapped in the domain.
 * Returns: 0, -ENOMEM, -EINVAL (a mask that is no DMA_BIT_MASK, or below 64 K;
 *          a domain that another device has).
 */
int dma_device_init(struct dma_device *dev, const char *name, uint64_t mask,
		    struct iommu_domain *domain) __must_check;

/* Every mapping must be gone. A mapping that is left is reported and undone. */
void dma_device_destroy(struct dma_device *dev);

/*
 * Set another mask. The owner makes sure that nobody maps or unmaps meanwhile.
 * Returns: 0; -EBUSY (mappings exist); -EINVAL, -ENOMEM as above.
 */
int dma_set_mask(struct dma_device *dev, uint64_t mask) __must_check;

/* ---- streaming mappings ---------------------------------------------- */

/*
 * Map `size` bytes of lowmem at ptr.
 * Returns: the bus address, or DMA_MAPPING_ERROR when neither the memory nor a
 *          bounce buffer nor the IOMMU can serve it.
 */
bus_addr_t dma_map_single(struct dma_device *dev, void *ptr, size_t size,
			  enum dma_direction dir) __must_check;
void dma_unmap_single(struct dma_device *dev, bus_addr_t bus, size_t size,
		      enum dma_direction dir);

/* Any page, also HIGHMEM; offset + size may reach into the following pages. */
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
 * Map nr pieces. Pieces with contiguous bus addresses are joined. Behind an
 * IOMMU all pieces are joined if they meet at page boundaries.
 * Returns: how many ranges the device gets; or -ENOMEM, -EINVAL: then nothing
 *          is mapped.
 */
int  dma_map_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		enum dma_direction dir) __must_check;
/* nr and dir as in the call of dma_map_sg(), not its result. */
void dma_unmap_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		  enum dma_direction dir);

/* Give a part of a mapping to the CPU; give it back to the device. */
void dma_sync_single_for_cpu(struct dma_device *dev, bus_addr_t bus,
			     size_t size, enum dma_direction dir);
void dma_sync_single_for_device(struct dma_device *dev, bus_addr_t bus,
				size_t size, enum dma_direction dir);

/* ---- coherent memory ------------------------------------------------- */

/*
 * Allocate whole pages of lowmem, cleared, contiguous for the device too.
 * Returns: the address, and the device's address in *bus; or NULL.
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
/* All pieces must be back; if not: -EBUSY, and a line in the log. */
int   dma_pool_destroy(struct dma_pool *pool) __must_check;

/* ---- watching -------------------------------------------------------- */

/*
 * A driver asks this before it writes a bus address into a device. An emulator
 * puts any address on the bus. A real device with this mask would hit other
 * memory.
 * Returns: 0; -ERANGE (beyond the mask) or -EFAULT (debug mode: in no mapping
 *          of the device). The log then names the device and the address.
 */
int dma_check_reach(struct dma_device *dev, bus_addr_t bus, size_t size)
	__must_check;

/*
 * Debug mode: on in debug builds, or by dma_debug_enable(). The kernel records
 * each mapping. If a driver unmaps a mapping twice, never, or with another size
 * or direction, a report names the code that mapped it. Returns: how many
 * reports since boot.
 */
void          dma_debug_enable(bool on);
unsigned long dma_debug_nr_reports(void);

/* What is known of a bus address of a device, for the table of addresses. */
struct dma_lookup {
	phys_addr_t   pa;               /* what the device really accesses    */
	bool          bounced;          /* ... which is a copy of             */
	phys_addr_t   original;
};

/* Returns: false when the address is in no mapping, or debug mode is off. */
bool dma_find(struct dma_device *dev, bus_addr_t bus, struct dma_lookup *found);

/* Print a line for each device: its mask, domain and counters. */
void dma_dump(void);

/* Called once, at boot, after the allocators: takes the bounce buffers. */
void dma_init(void);

/* NULL, or the broken invariant. */
const char *dma_check(void);
