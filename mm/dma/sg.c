// SPDX-License-Identifier: MIT
/*
 * sg.c - map a scattered buffer to few ranges on the bus
 *
 * WHAT     Maps a list of pieces; each piece lies in one page. Pieces that are
 *          neighbours on the bus are joined to one range. Behind an IOMMU all
 *          pieces that meet at page boundaries are joined.
 *
 * PICTURE    pieces (frames)      7    3    4    9
 *            no IOMMU, all reached   [7] [3   4] [9]        three ranges
 *            behind an IOMMU         [0  1  2  3]           bus pages in a row
 *            mask ends before 9      [7] [3   4] [copy]
 *
 * TERMS    piece    an entry as the caller made it: page, offset, length
 *          range    what the device gets: bus, bus_length of an entry. There
 *                   are not more ranges than pieces, so the i-th range is kept
 *                   in the i-th entry
 *
 * ALGORITHM  Each piece gets its own bus address. If a piece begins where the
 *          last range ends, the piece is joined to this range. Behind an IOMMU
 *          all pieces share one run of bus pages, with one page for each piece.
 *          So the run is taken once, and the unmap flushes once.
 *          The unmap walks over the pieces and the ranges together: the lengths
 *          say where each piece begins on the bus. A range of length 0 ends the
 *          list of ranges.
 *
 * LOCKING  None here; see dma_impl.h.
 * SEE      Linux lib/scatterlist.c, drivers/iommu/dma-iommu.c.
 */
#include <arch/iommu.h>

#include "lib/errno.h"
#include "mm/dma/dma_impl.h"

static phys_addr_t piece_phys(const struct scatterlist *piece)
{
	return phys_add(page_to_phys(piece->page), piece->offset);
}

static bool list_valid(const struct scatterlist *sg, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (!sg[i].length || sg[i].offset >= PAGE_SIZE ||
		    sg[i].length > PAGE_SIZE - sg[i].offset ||
		    !dma_is_memory(piece_phys(&sg[i]), sg[i].length))
			return false;
	return nr > 0;
}

/* ---- ranges ---------------------------------------------------------- */

/* Add a piece to the last range, or begin one. Returns: how many ranges. */
static unsigned add_to_ranges(struct scatterlist *sg, unsigned nr_ranges,
			      bus_addr_t bus, uint32_t length)
{
	struct scatterlist *last = nr_ranges ? &sg[nr_ranges - 1] : NULL;

	if (last && last->bus.v + last->bus_length == bus.v &&
	    last->bus_length <= UINT32_MAX - length) {
		last->bus_length += length;
		return nr_ranges;
	}
	sg[nr_ranges].bus = bus;
	sg[nr_ranges].bus_length = length;
	return nr_ranges + 1;
}

/* A walk over the pieces that finds where each lies on the bus. */
struct walk {
	unsigned range;
	uint32_t done;      /* bytes of the range before this piece */
};

static bus_addr_t walk_next(struct walk *walk, const struct scatterlist *sg,
			    uint32_t length)
{
	const struct scatterlist *range = &sg[walk->range];
	bus_addr_t bus = BUS(range->bus.v + walk->done);

	debug_assert(length > 0);
	walk->done += length;
	if (walk->done >= range->bus_length) {
		walk->range++;
		walk->done = 0;
	}
	return bus;
}

/* ---- without an IOMMU ------------------------------------------------ */

/* A piece that is not bounced has nothing to undo. */
static void undo_pieces(struct dma_device *dev, struct scatterlist *sg,
			unsigned nr, bool discard)
{
	struct walk walk = { 0 };

	for (unsigned i = 0; i < nr; i++)
		bounce_unmap(dev, walk_next(&walk, sg, sg[i].length), discard);
}

static int map_pieces(struct dma_device *dev, struct scatterlist *sg,
		      unsigned nr, enum dma_direction dir)
{
	unsigned ranges = 0;

	for (unsigned i = 0; i < nr; i++) {
		bus_addr_t bus = dma_map_phys(dev, piece_phys(&sg[i]),
					      sg[i].length, dir, 1);

		if (dma_mapping_error(bus)) {
			undo_pieces(dev, sg, i, true);
			return -ENOMEM;
		}
		ranges = add_to_ranges(sg, ranges, bus, sg[i].length);
	}
	return (int)ranges;
}

/* ---- behind an IOMMU ------------------------------------------------- */

static int map_as_one(struct dma_device *dev, struct scatterlist *sg,
		      unsigned nr, enum dma_direction dir)
{
	struct iova *iova = iova_take(dev, nr, 1);
	unsigned ranges = 0;

	debug_assert(nr > 0);
	if (!iova)
		return -ENOMEM;
	for (unsigned i = 0, n; i < nr; i += n) {
		/* One call maps all pieces that have contiguous frames. */
		n = 1;
		while (i + n < nr && sg[i + n].page == sg[i].page + n)
			n++;
		if (iommu_map(dev->domain, iova_bus(iova, i),
			      page_to_phys(sg[i].page), n, iova_prot(dir))) {
			iova_give(dev, iova);
			return -ENOMEM;
		}
	}
	iova->whole = true;
	for (unsigned i = 0; i < nr; i++) {
		bus_addr_t bus = BUS(iova_bus(iova, i).v + sg[i].offset);

		ranges = add_to_ranges(sg, ranges, bus, sg[i].length);
	}
	return (int)ranges;
}

/* ---- interface ------------------------------------------------------- */

/* Returns: false when nothing was mapped there. */
static bool undo(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		 bool discard)
{
	if (dev->domain)
		return iova_unmap(dev, sg[0].bus);
	undo_pieces(dev, sg, nr, discard);
	return true;
}

int dma_map_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
	       enum dma_direction dir)
{
	int ranges = -EINVAL;

	if (!dma_dir_valid(dir) || !list_valid(sg, nr)) {
		dma_report(dev, "a list of %u pieces cannot be mapped, by %pS",
			   nr, DMA_CALLER());
		goto refuse;
	}
	ranges = dev->domain ? map_as_one(dev, sg, nr, dir) :
			       map_pieces(dev, sg, nr, dir);
	if (ranges < 0)
		goto refuse;
	if ((unsigned)ranges < nr)
		sg[ranges].bus_length = 0;
	if (dma_debug_add_list(dev, sg, (unsigned)ranges, dir, DMA_CALLER())) {
		dma_count(&dev->stats.mapped, 1);
		return ranges;
	}
	(void)undo(dev, sg, nr, true);
	ranges = -ENOMEM;
refuse:
	dma_count(&dev->stats.refused, 1);
	return ranges;
}

void dma_unmap_sg(struct dma_device *dev, struct scatterlist *sg, unsigned nr,
		  enum dma_direction dir)
{
	if (dma_debug_take_list(dev, sg, nr, dir, DMA_CALLER()) &&
	    undo(dev, sg, nr, false))
		dma_count(&dev->stats.unmapped, 1);
}
