// SPDX-License-Identifier: MIT
/*
 * user_device.c (tests) - objects of devices and of memory that they reach
 *
 * Any PCI device without a driver will do. The tests give it no work, and leave
 * it as they found it.
 */
#include <arch/iommu.h>

#include "kernel/device/device.h"
#include "kernel/device/device_impl.h"
#include "kernel/object/handle.h"
#include "kernel/uapi/pagoda.h"
#include "tests/suites/vm_test.h"
#include "tests/threads.h"

SUITE(user_device, user_device_check);

#define CLASS_ETHERNET  0x02

static struct pci_device *idle_device(void)
{
	struct pci_device *edu = pci_find(0x1234, 0x11e8, 0);

	for (unsigned i = 0; i < nr_pci_devices && !edu; i++)
		if (pci_devices[i].class == CLASS_ETHERNET)
			edu = &pci_devices[i];
	if (!edu)
		SKIP("needs a PCI device that nobody drives");
	return edu;
}

static struct user_device *test_open(void)
{
	struct user_device *dev = NULL;

	REQUIRE(user_device_open(idle_device(), &dev) == 0);
	return dev;
}

static bool is_master(const struct user_device *dev)
{
	return pci_read16(dev->pci, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

static void let_master(const struct user_device *dev)
{
	pci_set_command(dev->pci, PCI_COMMAND_MASTER, 0);
}

static struct dma_object *test_dma(struct user_device *dev, struct mm *mm,
				   uint32_t addr, uint32_t length,
				   enum dma_direction dir)
{
	struct dma_object *dma = NULL;

	REQUIRE(dma_object_map(dev, mm, UADDR(addr), length, dir, &dma) == 0);
	return dma;
}

static void finish(struct dma_object *dma)
{
	dma_object_finish(dma);
	object_put(&dma->object);
}

KTEST(user_device, a_device_is_opened_once)
{
	struct user_device *dev = test_open(), *other;

	EXPECT(user_device_find(dev->pci) == dev);
	EXPECT_EQ(user_device_open(dev->pci, &other), -EBUSY);
	EXPECT(!is_master(dev));
	EXPECT_EQ(!dev->domain, !iommu_present());
	EXPECT_NULL(user_device_check());
	object_put(&dev->object);
	EXPECT(!user_device_find(idle_device()));
}

/* Two devices that are one to the IOMMU; SKIPs if there are none. */
static void find_pair(struct pci_device *pair[2])
{
	pair[0] = pci_find(0x1234, 0x11e8, 0);
	pair[1] = pci_find(0x1234, 0x11e8, 1);
	if (!iommu_present() || !pair[1] ||
	    pair[0]->requester != pair[1]->requester)
		SKIP("needs an IOMMU, and two devices behind one bridge");
}

KTEST(user_device, of_two_behind_one_bridge_one_is_opened)
{
	struct pci_device *pair[2];
	struct user_device *dev, *other;

	find_pair(pair);
	for (unsigned i = 0; i < 2; i++) {
		pci_set_command(pair[!i], PCI_COMMAND_MASTER, 0);
		REQUIRE(user_device_open(pair[i], &dev) == 0);
		EXPECT(!(pci_read16(pair[!i], PCI_COMMAND) &
			 PCI_COMMAND_MASTER));
		EXPECT_EQ(user_device_open(pair[!i], &other), -EBUSY);
		EXPECT(!user_device_find(pair[!i]));
		EXPECT_NULL(iommu_check());
		object_put(&dev->object);
	}
}

KTEST(user_device, the_last_handle_stops_it)
{
	struct user_device *dev = test_open();
	struct handle_table table;
	int first, second;

	handle_table_init(&table, NULL);
	first = handle_add(&table, &dev->object, RIGHT_MANAGE);
	second = handle_add(&table, &dev->object, RIGHT_MANAGE);
	let_master(dev);
	EXPECT_EQ(handle_remove(&table, (uint32_t)first), 0);
	EXPECT(is_master(dev));
	EXPECT_EQ(handle_remove(&table, (uint32_t)second), 0);
	EXPECT(!is_master(dev));
	handle_table_destroy(&table);
	object_put(&dev->object);
}

KTEST(user_device, memory_keeps_the_device)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	struct dma_object *dma;

	test_map(mm, 0, 2, PROT_RW);
	dma = test_dma(dev, mm, AT(0), PAGES(2), DMA_BIDIRECTIONAL);
	object_put(&dev->object);
	EXPECT(user_device_find(idle_device()) == dev);
	EXPECT_NULL(user_device_check());
	finish(dma);
	EXPECT(!user_device_find(idle_device()));
	test_end(mm);
}

KTEST(user_device, what_is_finished_leaves_the_device_alone)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	let_master(dev);
	finish(test_dma(dev, mm, AT(0), 100, DMA_TO_DEVICE));
	EXPECT(is_master(dev));
	object_put(&test_dma(dev, mm, AT(0), 100, DMA_TO_DEVICE)->object);
	EXPECT(!is_master(dev));
	EXPECT_EQ(dev->dma.stats.mapped, dev->dma.stats.unmapped);
	object_put(&dev->object);
	test_end(mm);
}

KTEST(user_device, pages_of_a_mapping_outlive_their_address_space)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	struct dma_object *dma;

	test_map(mm, 0, 3, PROT_RW);
	dma = test_dma(dev, mm, AT(0) + 5, PAGES(3) - 9, DMA_FROM_DEVICE);
	EXPECT_EQ(dma->nr, 3);
	EXPECT_EQ(dma->sg[0].bus.v % PAGE_SIZE, 5);
	test_end(mm);
	for (unsigned i = 0; i < dma->nr; i++) {
		EXPECT(vm_page_is_pinned(dma->pages[i]));
		EXPECT_EQ(vm_page_entries(dma->pages[i]), 0);
	}
	EXPECT_NULL(vm_check());
	object_put(&dma->object);
	object_put(&dev->object);
}

KTEST(user_device, ranges_cover_the_buffer_and_lie_within_the_mask)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	uint32_t covered = 0;
	struct dma_object *dma;

	REQUIRE(dma_set_mask(&dev->dma, DMA_BIT_MASK(28)) == 0);
	test_map(mm, 0, 9, PROT_RW);
	dma = test_dma(dev, mm, AT(0) + 100, PAGES(9) - 200,
		       DMA_BIDIRECTIONAL);
	for (unsigned i = 0; i < dma->nr_ranges; i++) {
		uint64_t end = dma->sg[i].bus.v + dma->sg[i].bus_length;

		covered += dma->sg[i].bus_length;
		EXPECT(end - 1 <= DMA_BIT_MASK(28));
	}
	EXPECT_EQ(covered, PAGES(9) - 200);
	if (dev->domain)
		EXPECT_EQ(dma->nr_ranges, 1);
	finish(dma);
	object_put(&dev->object);
	test_end(mm);
}

/* Compares with the physical addresses that the kernel knows. */
KTEST(user_device, bounced_ranges_are_those_with_pages_out_of_reach)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	struct dma_object *dma;
	unsigned bounced = 0, far = 0;

	REQUIRE(dma_set_mask(&dev->dma, DMA_BIT_MASK(24)) == 0);
	test_map(mm, 0, 5, PROT_RW);
	dma = test_dma(dev, mm, AT(0), PAGES(5), DMA_TO_DEVICE);
	for (unsigned i = 0; i < dma->nr_ranges; i++)
		bounced += dma_object_is_bounced(dma, i);
	for (unsigned i = 0; i < dma->nr; i++)
		far += page_to_phys(dma->pages[i]).v > DMA_BIT_MASK(24);
	EXPECT_EQ(bounced != 0, !dev->domain && far != 0);
	finish(dma);
	object_put(&dev->object);
	test_end(mm);
}

KTEST(user_device, coherent_memory_is_seen_by_both)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	struct dma_object *dma = NULL;
	struct upt_entry entry;

	EXPECT_EQ(dma_object_alloc(dev, mm, 0, &dma), -EINVAL);
	REQUIRE(dma_object_alloc(dev, mm, PAGE_SIZE + 1, &dma) == 0);
	EXPECT_EQ(dma->window.length, PAGES(2));
	entry = upt_lookup(&mm->tables, UADDR(dma->window.start.v + PAGES(1)));
	EXPECT(entry.present && entry.device);
	EXPECT(pfn_to_page(entry.pfn) ==
	       virt_to_page((char *)dma->memory + PAGE_SIZE));
	finish(dma);
	EXPECT_STREQ(maps(mm), "");
	object_put(&dev->object);
	test_end(mm);
}

KTEST(user_device, what_cannot_be_mapped_is_refused)
{
	struct user_device *dev = test_open();
	struct mm *mm = test_mm();
	struct dma_object *dma;

	test_map(mm, 0, 1, PROT_READ);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(AT(0)), 0, DMA_TO_DEVICE, &dma),
		  -EINVAL);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(AT(0)), PG_DMA_LENGTH_MAX + 1,
				 DMA_TO_DEVICE, &dma),
		  -EINVAL);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(AT(0)), 4, DMA_NR_DIRECTIONS,
				 &dma),
		  -EINVAL);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(AT(0)), 4, DMA_FROM_DEVICE,
				 &dma),
		  -EFAULT);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(AT(1)), 4, DMA_TO_DEVICE, &dma),
		  -EFAULT);
	EXPECT_EQ(dma_object_map(dev, mm, UADDR(PAGE_OFFSET), 4, DMA_TO_DEVICE,
				 &dma),
		  -EFAULT);
	EXPECT_EQ(dev->dma.stats.mapped, 0);
	object_put(&dev->object);
	test_end(mm);
}

struct mask_setter {
	struct user_device *dev;
	int                 err;
};

static void set_mask(void *arg)
{
	struct mask_setter *setter = arg;

	setter->err = user_device_set_mask(setter->dev, DMA_BIT_MASK(28));
}

/*
 * A driver has two threads. One is in the middle of a mapping and has the lock:
 * the space into which it maps must stay.
 */
KTEST(user_device, the_mask_waits_for_a_mapping_under_way)
{
	struct mask_setter setter = { test_open(), -1 };
	unsigned before = sched_nr_threads();
	uint64_t old = setter.dev->dma.mask;
	void *space = setter.dev->dma.iova;

	mutex_lock(&setter.dev->lock);
	start("mask", PRIORITY_TEST + 1, set_mask, &setter);
	EXPECT_EQ(setter.err, -1);
	EXPECT_EQ(setter.dev->dma.mask, old);
	EXPECT(setter.dev->dma.iova == space);
	mutex_unlock(&setter.dev->lock);
	all_gone(before);
	EXPECT_EQ(setter.err, 0);
	EXPECT_EQ(setter.dev->dma.mask, DMA_BIT_MASK(28));
	object_put(&setter.dev->object);
}

/* ---- without memory ------------------------------------------------------ */

static bool open_once(void *arg)
{
	struct user_device *dev;

	if (user_device_open(arg, &dev)) {
		EXPECT(!user_device_find(arg));
		return false;
	}
	object_put(&dev->object);
	return true;
}

KTEST(user_device, without_memory_a_device_is_not_opened)
{
	EXPECT(ktest_each_failure(open_once, idle_device()) >= 1);
	EXPECT_NULL(user_device_check());
}

struct place {
	struct user_device *dev;
	struct mm          *mm;
};

static bool map_once(void *arg)
{
	struct place *place = arg;
	struct dma_object *dma;

	if (dma_object_map(place->dev, place->mm, UADDR(AT(0)), PAGES(4),
			   DMA_BIDIRECTIONAL, &dma)) {
		EXPECT_EQ(vm_nr_pins, 0);
		return false;
	}
	finish(dma);
	return true;
}

static bool alloc_once(void *arg)
{
	struct place *place = arg;
	struct dma_object *dma;

	if (dma_object_alloc(place->dev, place->mm, PAGES(2), &dma)) {
		EXPECT_EQ(place->mm->nr_vmas, 1);
		return false;
	}
	finish(dma);
	return true;
}

KTEST(user_device, without_memory_nothing_is_mapped)
{
	struct place place = { test_open(), test_mm() };

	test_map(place.mm, 0, 4, PROT_RW);
	EXPECT(ktest_each_failure(map_once, &place) >= 3);
	EXPECT(ktest_each_failure(alloc_once, &place) >= 3);
	EXPECT_EQ(place.dev->dma.stats.mapped, place.dev->dma.stats.unmapped);
	object_put(&place.dev->object);
	test_end(place.mm);
}
