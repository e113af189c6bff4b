// SPDX-License-Identifier: MIT
/*
 * iommu_device.c (host suite) - what a device behind the simulated unit gets
 */
#include "arch/i386/iommu/iommu_impl.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(iommu_device, iommu_check);

#define DEVICE  0x18u
#define OTHER   0x20u
#define FRAMES  PHYS(0x3000000)
#define RW      (IOMMU_READ | IOMMU_WRITE)

static struct iommu_domain *setup(unsigned bits)
{
	struct iommu_domain *domain;

	host_iommu_set(bits);
	EXPECT(iommu_present());
	EXPECT_EQ(iommu_address_bits(), bits);
	domain = iommu_domain_create();
	REQUIRE(domain);
	REQUIRE(iommu_attach(domain, DEVICE) == 0);
	return domain;
}

static void teardown(struct iommu_domain *domain)
{
	EXPECT_NULL(iommu_check());
	iommu_detach(domain, DEVICE);
	iommu_domain_destroy(domain);
	host_iommu_set(0);
	host_log_now += LOG_LIMIT_NS;
}

static bool reaches(uint16_t device, uint64_t bus, bool write, uint64_t where)
{
	phys_addr_t pa;

	return host_iommu_access(device, (bus_addr_t){ bus }, write, &pa) &&
	       pa.v == where;
}

/* Is the access blocked, and is this reason noted? */
static bool blocked(uint16_t device, uint64_t bus, bool write, unsigned reason)
{
	unsigned long before = iommu_nr_faults();
	struct iommu_fault fault;
	phys_addr_t pa;

	return !host_iommu_access(device, (bus_addr_t){ bus }, write, &pa) &&
	       iommu_nr_faults() == before + 1 &&
	       iommu_recent_fault(0, &fault) &&
	       fault.source_id == device && fault.bus.v == bus &&
	       fault.write == write && fault.reason == reason;
}

static void one_width(unsigned bits)
{
	struct iommu_domain *domain = setup(bits);

	REQUIRE(iommu_map(domain, (bus_addr_t){ 0x1ff000 }, FRAMES, 2,
			  RW) == 0);
	EXPECT(reaches(DEVICE, 0x1ff010, true, FRAMES.v + 0x10));
	EXPECT(reaches(DEVICE, 0x200000, false, FRAMES.v + PAGE_SIZE));
	EXPECT(blocked(DEVICE, 0x201000, true, 5));
	EXPECT(blocked(DEVICE, 0x201000, false, 6));
	EXPECT(blocked(DEVICE, 1ull << bits, false, 4));
	EXPECT(blocked(OTHER, 0x200000, false, 2));
	teardown(domain);
}

KTEST(iommu_device, what_is_mapped_is_reached_and_nothing_else)
{
	one_width(IOMMU_BITS_SHORT);
	one_width(IOMMU_BITS_LONG);
}

KTEST(iommu_device, after_unmap_it_is_blocked)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);

	for (unsigned round = 0; round < 3; round++) {
		REQUIRE(iommu_map(domain, (bus_addr_t){ 0x5000 },
				  phys_add(FRAMES, round * PAGE_SIZE), 1,
				  RW) == 0);
		EXPECT(reaches(DEVICE, 0x5000, true,
			       FRAMES.v + round * PAGE_SIZE));
		iommu_unmap(domain, (bus_addr_t){ 0x5000 }, 1);
		EXPECT(blocked(DEVICE, 0x5000, true, 5));
	}
	teardown(domain);
}

KTEST(iommu_device, read_only_is_read_only)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_LONG);

	REQUIRE(iommu_map(domain, (bus_addr_t){ 0x5000 }, FRAMES, 1,
			  IOMMU_READ) == 0);
	EXPECT(reaches(DEVICE, 0x5000, false, FRAMES.v));
	EXPECT(blocked(DEVICE, 0x5000, true, 5));
	teardown(domain);
}

KTEST(iommu_device, a_device_has_one_domain)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);
	struct iommu_domain *second = iommu_domain_create();
	struct iommu_domain *found;
	uint16_t source_id;

	REQUIRE(second);
	EXPECT_EQ(iommu_attach(second, DEVICE), -EBUSY);
	EXPECT_EQ(iommu_attach(second, HOST_IOMMU_STRANGER), -ENODEV);
	EXPECT_EQ(iommu_attach(second, OTHER), 0);
	EXPECT(iommu_attached(1, &source_id, &found));
	EXPECT(source_id == OTHER && found == second);
	EXPECT(!iommu_attached(2, &source_id, &found));
	iommu_detach(second, OTHER);
	EXPECT(blocked(OTHER, 0, false, 2));
	iommu_domain_destroy(second);
	teardown(domain);
}

KTEST(iommu_device, a_domain_of_another_width_is_refused)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);
	struct iommu_domain *wide = iommu_domain_create_bits(IOMMU_BITS_LONG);

	REQUIRE(wide);
	EXPECT_EQ(iommu_attach(wide, OTHER), -ENODEV);
	iommu_domain_destroy(wide);
	teardown(domain);
}

KTEST(iommu_device, places_for_devices_run_out)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);
	uint16_t n = 1;

	while (n < 200 && !iommu_attach(domain, (uint16_t)(0x100 + n)))
		n++;
	EXPECT_EQ(n, IOMMU_ATTACHED_MAX);
	EXPECT_EQ(iommu_attach(domain, 0x300), -ENOMEM);
	EXPECT_NULL(iommu_check());
	while (--n > 0)
		iommu_detach(domain, (uint16_t)(0x100 + n));
	teardown(domain);
}

static void destroy_attached(void *domain)
{
	iommu_domain_destroy(domain);
}

KTEST(iommu_device, destroying_an_attached_domain_is_caught)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);

	EXPECT_PANIC(destroy_attached, domain, "nr_attached");
	teardown(domain);
}

KTEST(iommu_device, latest_faults_are_kept)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);
	struct iommu_fault fault;

	for (uint64_t i = 1; i <= 12; i++)
		EXPECT(blocked(DEVICE, i * PAGE_SIZE, true, 5));
	for (unsigned n = 0; n < 8; n++) {
		REQUIRE(iommu_recent_fault(n, &fault));
		EXPECT_EQ(fault.bus.v, (12 - n) * PAGE_SIZE);
	}
	EXPECT(!iommu_recent_fault(8, &fault));
	teardown(domain);
}

/* tests/emu/test_iommu.py counts the lines. */
KTEST(iommu_device, a_loop_of_faults_does_not_flood_the_log)
{
	struct iommu_domain *domain = setup(IOMMU_BITS_SHORT);

	for (unsigned i = 0; i < 100; i++)
		EXPECT(blocked(DEVICE, 0x9000, true, 5));
	EXPECT_NULL(iommu_check());
	host_log_now += LOG_LIMIT_NS - 1;
	log_limits_tick();
	host_log_now++;
	log_limits_tick();
	EXPECT(blocked(DEVICE, 0xa000, true, 5));
	teardown(domain);
}

KTEST(iommu_device, off_means_the_address_itself)
{
	host_iommu_set(0);
	EXPECT(!iommu_present());
	EXPECT(reaches(DEVICE, 0x123456, true, 0x123456));
}
