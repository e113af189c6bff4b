// SPDX-License-Identifier: MIT
/*
 * vtd.c (suite) - a unit that lies, is silent, or is not there
 *
 * The registers are ordinary memory here: a value that is written stays, and an
 * answer never comes.
 */
#include "arch/i386/iommu/vtd.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(vtd, iommu_check);

#define ROOT  PHYS(0x123000)

/* One fault record at 0x220, as in QEMU's unit. ECAP has the IOTLB's place. */
#define CAP_WIDTH(sagaw, mgaw)  ((uint64_t)(sagaw) << 8 | \
				 (uint64_t)((mgaw) - 1) << 16)
#define CAP_RECORDS(at, nr)     ((uint64_t)(at) / 16 << 24 | \
				 (uint64_t)((nr) - 1) << 40)
#define CAP_PLAIN               (CAP_WIDTH(2, 39) | CAP_RECORDS(0x220, 1) | 2)
#define ECAP_IOTLB(at)          ((uint64_t)(at) / 16 << 8)

static uint32_t regs[VTD_REGISTERS_SIZE / 4];
static struct vtd_unit unit;

static void set64(unsigned reg, uint64_t value)
{
	regs[reg / 4] = (uint32_t)value;
	regs[reg / 4 + 1] = (uint32_t)(value >> 32);
}

static const char *init(uint64_t cap, uint64_t ecap)
{
	memset(regs, 0, sizeof(regs));
	regs[VTD_VER / 4] = 0x10;
	set64(VTD_CAP, cap);
	set64(VTD_ECAP, ecap);
	return vtd_unit_init(&unit, PHYS(0xfed90000), regs);
}

static void setup(uint64_t cap)
{
	REQUIRE(!init(cap, ECAP_IOTLB(0xf0)));
}

KTEST(vtd, a_plain_unit_is_taken)
{
	setup(CAP_PLAIN);
	EXPECT_EQ(unit.major, 1);
	EXPECT_EQ(unit.minor, 0);
	EXPECT_EQ(vtd_nr_ids(&unit), 256);
	EXPECT(vtd_has_width(&unit, 39) && !vtd_has_width(&unit, 48));
	EXPECT(!vtd_is_coherent(&unit) && !vtd_caches_empty(&unit));
	EXPECT(!vtd_needs_buffer_flush(&unit));
}

KTEST(vtd, widths_need_tables_and_wires)
{
	setup(CAP_WIDTH(6, 48));
	EXPECT(vtd_has_width(&unit, 39) && vtd_has_width(&unit, 48));
	setup(CAP_WIDTH(6, 46));
	EXPECT(vtd_has_width(&unit, 39) && !vtd_has_width(&unit, 48));
	setup(CAP_WIDTH(4, 48));
	EXPECT(!vtd_has_width(&unit, 39) && vtd_has_width(&unit, 48));
}

KTEST(vtd, a_unit_that_we_cannot_use_is_refused)
{
	EXPECT(init(CAP_WIDTH(1, 48), 0));
	EXPECT(init(CAP_WIDTH(2, 36), 0));
	EXPECT(init(CAP_PLAIN, ECAP_IOTLB(0x1000)));
	EXPECT(init(CAP_WIDTH(2, 39) | CAP_RECORDS(0x220, 256), 0));
	EXPECT(init(CAP_WIDTH(2, 39) | CAP_RECORDS(0x3ff0, 1), 0));
	EXPECT(!init(CAP_WIDTH(2, 39) | CAP_RECORDS(0xff0, 1), 0));
}

KTEST(vtd, where_nobody_is_nothing_is_asked)
{
	memset(regs, 0xff, sizeof(regs));
	EXPECT(vtd_unit_init(&unit, PHYS(0xfed90000), regs));
	memset(regs, 0, sizeof(regs));
	EXPECT(vtd_unit_init(&unit, PHYS(0xfed90000), regs));
}

KTEST(vtd, a_silent_unit_is_left_alone)
{
	setup(CAP_PLAIN);
	EXPECT_EQ(vtd_unit_stop(&unit), 0);     /* it says that it is off */
	EXPECT_EQ(vtd_unit_start(&unit, ROOT), -EIO);
	EXPECT(unit.late);
	EXPECT(!vtd_unit_is_on(&unit, ROOT));
}

/* While one command is under way, no other may be written: VT-d 10.4.7. */
KTEST(vtd, a_late_unit_is_told_nothing)
{
	static uint32_t before[ARRAY_SIZE(regs)];

	setup(CAP_PLAIN);
	vtd_unit_forget_domain(&unit, 7);
	memcpy(before, regs, sizeof(regs));
	vtd_unit_forget_all(&unit);
	vtd_unit_forget_domain(&unit, 1);
	vtd_unit_learn(&unit, 1);
	EXPECT_EQ(vtd_unit_start(&unit, ROOT), -EIO);
	EXPECT(!memcmp(before, regs, sizeof(regs)));
	EXPECT(unit.late);
}

/* The unit has ended the late command. First it must forget everything. */
KTEST(vtd, a_unit_that_was_late_forgets_everything)
{
	setup(CAP_PLAIN);
	vtd_unit_forget_domain(&unit, 7);
	regs[0xfc / 4] = 0;
	vtd_unit_forget_domain(&unit, 1);
	EXPECT_EQ(regs[(VTD_CCMD + 4) / 4], VTD_CCMD_GO | VTD_CCMD_GLOBAL);
	EXPECT(unit.late);   /* this memory never answers */
}

KTEST(vtd, translation_that_does_not_end_is_noticed)
{
	setup(CAP_PLAIN);
	regs[VTD_GSTS / 4] = VTD_TRANSLATE;
	EXPECT_EQ(vtd_unit_stop(&unit), -EIO);
	EXPECT(unit.late);
}

KTEST(vtd, an_invalidation_that_does_not_end_is_noticed)
{
	setup(CAP_PLAIN);
	vtd_unit_forget_domain(&unit, 7);
	EXPECT(unit.late);
	/* Only domain 7, in the register that ECAP names. */
	EXPECT_EQ(regs[0xfc / 4], VTD_IOTLB_GO | VTD_IOTLB_DOMAIN | 7);
}

static void set_record(unsigned n, uint64_t page, uint16_t source_id,
		       uint32_t last)
{
	unsigned reg = 0x220 + n * VTD_RECORD_SIZE;

	set64(reg, page);
	regs[reg / 4 + 2] = source_id;
	regs[reg / 4 + 3] = last;
}

KTEST(vtd, a_fault_record_is_read)
{
	struct iommu_fault fault;

	setup(CAP_PLAIN);
	EXPECT(!vtd_unit_take_fault(&unit, &fault));
	set_record(0, 0x7f12345000ull, 0x123, VTD_RECORD_FAULT | 5);
	EXPECT(!vtd_unit_take_fault(&unit, &fault));   /* none is pending */
	regs[VTD_FSTS / 4] = VTD_FSTS_PENDING;
	REQUIRE(vtd_unit_take_fault(&unit, &fault));
	EXPECT_EQ(fault.bus.v, 0x7f12345000ull);
	EXPECT_EQ(fault.source_id, 0x123);
	EXPECT_EQ(fault.reason, 5);
	EXPECT(fault.write);
	set_record(0, 0x1000, 0, VTD_RECORD_FAULT | VTD_RECORD_READ | 6);
	REQUIRE(vtd_unit_take_fault(&unit, &fault));
	EXPECT(!fault.write);
	set_record(0, 0x1000, 0, 6);
	EXPECT(!vtd_unit_take_fault(&unit, &fault));
}

KTEST(vtd, records_are_a_ring)
{
	struct iommu_fault fault;

	setup(CAP_WIDTH(2, 39) | CAP_RECORDS(0x220, 4));
	set_record(0, 0xa000, 1, VTD_RECORD_FAULT | 5);
	set_record(3, 0xb000, 2, VTD_RECORD_FAULT | 5);
	regs[VTD_FSTS / 4] = VTD_FSTS_PENDING | 3 << 8;   /* begin with 3 */
	REQUIRE(vtd_unit_take_fault(&unit, &fault));
	EXPECT_EQ(fault.bus.v, 0xb000);
	set_record(3, 0, 0, 0);
	REQUIRE(vtd_unit_take_fault(&unit, &fault));
	EXPECT_EQ(fault.bus.v, 0xa000);
	/* There is no record 200. */
	regs[VTD_FSTS / 4] = VTD_FSTS_PENDING | 200 << 8;
	EXPECT(!vtd_unit_take_fault(&unit, &fault));
}

KTEST(vtd, faults_without_room_are_counted)
{
	struct iommu_fault fault;

	setup(CAP_PLAIN);
	regs[VTD_FSTS / 4] = VTD_FSTS_OVERFLOW;
	EXPECT(!vtd_unit_take_fault(&unit, &fault));
	EXPECT_EQ(unit.lost, 1);
	EXPECT_EQ(regs[VTD_FSTS / 4], VTD_FSTS_OVERFLOW);   /* 1 clears it */
}
