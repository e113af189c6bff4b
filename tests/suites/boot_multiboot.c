// SPDX-License-Identifier: MIT
/*
 * boot_multiboot.c - tests of boot/multiboot.c: what loaders tell, and what
 *                    they do not tell
 *
 * WHAT     Plays the loader: fills the structures in memory of its own and
 *          reads them back as a boot_info. Multiboot addresses have 32 bits:
 *          the tests are skipped if their data lies above 4 GiB, as may
 *          happen in a host program.
 */
#include "boot/multiboot.h"

#include "boot/boot_info.h"
#include "boot/memmap.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define K  1024ull
#define M  (1024 * K)

#define POISON  0xdeadbeef   /* in fields that no flag makes valid */

static struct boot_info info;
static struct memmap map;
static struct multiboot_info mb;
static struct multiboot_mmap_entry mmap[4];
static struct multiboot_module mods[300];

static char loader[] = "GRUB 2.06";
static char qemu[] = "qemu";
static char words[] = "pagoda.elf selftest";

static uint32_t addr(const void *ptr)
{
	uintptr_t a = (uintptr_t)ptr;

	if ((uint32_t)a != a)
		SKIP("needs addresses below 4 GiB");
	return (uint32_t)a;
}

/* A loader that fills nothing: all fields are poison. */
static void start(void)
{
	memset(&info, 0, sizeof(info));
	info.magic = BOOT_INFO_MAGIC;
	info.phys_bits = 32;
	info.kernel_start = PHYS(1 * M);
	info.kernel_end = PHYS(2 * M);
	for (unsigned i = 0; i < sizeof(mb) / 4; i++)
		((uint32_t *)&mb)[i] = POISON;
	mb.flags = 0;
}

static void give_mmap(uint32_t type)
{
	mmap[0] = (struct multiboot_mmap_entry){ 20, 0, 639 * K, type };
	mmap[1] = (struct multiboot_mmap_entry){ 20, 1 * M, 31 * M, type };
	mb.flags |= MULTIBOOT_HAS_MMAP;
	mb.mmap_addr = addr(mmap);
	mb.mmap_length = 2 * sizeof(mmap[0]);
}

static void give_sizes(void)
{
	mb.flags |= MULTIBOOT_HAS_MEM;
	mb.mem_lower = 639;
	mb.mem_upper = 15 * 1024;
}

static uint64_t top_of_ram(void)
{
	return info.nr_ranges ? info.range[info.nr_ranges - 1].end.v : 0;
}

KTEST(boot_multiboot, everything_given_is_taken)
{
	start();
	give_mmap(1);
	give_sizes();
	mb.flags |= MULTIBOOT_HAS_LOADER | MULTIBOOT_HAS_CMDLINE |
		    MULTIBOOT_HAS_MODULES;
	mb.loader_name = addr(loader);
	mb.cmdline = addr(words);
	mb.mods_addr = addr(mods);
	mb.mods_count = 1;
	mods[0] = (struct multiboot_module){ 2 * M, 3 * M, addr(words), 0 };

	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_EQ(top_of_ram(), 32 * M);   /* the map, not the sizes */
	EXPECT_STREQ(info.loader, "GRUB 2.06");
	EXPECT_STREQ(info.cmdline, "pagoda.elf selftest");
	EXPECT_EQ(info.nr_modules, 1);
	EXPECT_STREQ(info.module[0].args, "pagoda.elf selftest");
	EXPECT_EQ(info.warnings[0], 0);
}

KTEST(boot_multiboot, qemus_path_is_stripped_since_the_name_is_read_first)
{
	start();
	give_mmap(1);
	mb.flags |= MULTIBOOT_HAS_LOADER | MULTIBOOT_HAS_CMDLINE;
	mb.loader_name = addr(qemu);
	mb.cmdline = addr(words);
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_STREQ(info.cmdline, "selftest");
}

KTEST(boot_multiboot, fields_without_their_flag_are_not_followed)
{
	start();
	give_mmap(1);
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_STREQ(info.loader, "");
	EXPECT_STREQ(info.cmdline, "");
	EXPECT_EQ(info.nr_modules, 0);
}

KTEST(boot_multiboot, text_pointers_of_zero_are_no_text)
{
	start();
	give_mmap(1);
	mb.flags |= MULTIBOOT_HAS_LOADER | MULTIBOOT_HAS_CMDLINE |
		    MULTIBOOT_HAS_MODULES;
	mb.loader_name = 0;
	mb.cmdline = 0;
	mb.mods_addr = addr(mods);
	mb.mods_count = 1;
	mods[0] = (struct multiboot_module){ 2 * M, 3 * M, 0, 0 };
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_EQ(info.nr_modules, 1);
	EXPECT_STREQ(info.module[0].args, "");
}

KTEST(boot_multiboot, without_a_map_the_two_sizes_are_taken)
{
	start();
	give_sizes();
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_EQ(top_of_ram(), 16 * M);
	EXPECT_EQ(info.range[0].start.v, 0);
	EXPECT_EQ(info.range[0].end.v, 639 * K);
	EXPECT(info.warnings[0] != 0);
}

/* Nothing is left of the map that was read before. */
KTEST(boot_multiboot, each_map_is_read_anew)
{
	start();
	give_mmap(1);
	EXPECT_NULL(multiboot_read(&mb, &info));
	start();
	give_mmap(1);
	mmap[0].length = 2 * M;   /* over the BIOS hole */
	mmap[1].length = 7 * M;
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_EQ(info.nr_ranges, 3);
	EXPECT_EQ(info.range[0].end.v, 640 * K);
	EXPECT_EQ(info.range[1].type, BOOT_RESERVED);
	EXPECT_EQ(info.range[2].start.v, 1 * M);
	EXPECT_EQ(top_of_ram(), 8 * M);
}

KTEST(boot_multiboot, a_kernel_outside_the_map_is_warned_about)
{
	start();
	give_mmap(1);
	mmap[1].base = 1 * M + 260 * K;   /* the kernel ends at 2 MiB */
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_STREQ(info.warnings, "memory map: 260 KiB of the kernel are no "
		     "RAM in it, but are there: taken for RAM\n");
}

KTEST(boot_multiboot, map_without_ram_falls_back_to_the_two_sizes)
{
	start();
	give_mmap(2);
	give_sizes();
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_EQ(top_of_ram(), 16 * M);

	start();
	give_mmap(1);
	give_sizes();
	mb.mmap_length = 0;
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_EQ(top_of_ram(), 16 * M);
}

KTEST(boot_multiboot, without_any_ram_the_boot_is_refused)
{
	start();
	EXPECT(multiboot_read(&mb, &info) != NULL);

	start();
	give_mmap(2);
	EXPECT(multiboot_read(&mb, &info) != NULL);
}

KTEST(boot_multiboot, lengths_and_counts_that_lie_end_anyway)
{
	start();
	give_mmap(1);
	mmap[2].size = 0;   /* where the map really ends */
	mb.mmap_length = 0xffffffff;
	mb.flags |= MULTIBOOT_HAS_MODULES;
	mb.mods_addr = addr(mods);
	mb.mods_count = 0xffffffff;
	for (unsigned i = 0; i < ARRAY_SIZE(mods); i++)
		mods[i] = (struct multiboot_module){
			2 * M + i * 4096, 2 * M + (i + 1) * 4096, 0, 0
		};
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_NULL(boot_info_check(&info));
	EXPECT_EQ(info.nr_modules, BOOT_MODULES_MAX);
	EXPECT(info.warnings[0] != 0);
}

KTEST(boot_multiboot, of_a_list_of_modules_the_first_256_are_read)
{
	start();
	give_mmap(1);
	mb.flags |= MULTIBOOT_HAS_MODULES;
	mb.mods_addr = addr(mods);
	mb.mods_count = ARRAY_SIZE(mods);
	memset(mods, 0, sizeof(mods));   /* empty ones, which are dropped */
	mods[255] = (struct multiboot_module){ 2 * M, 3 * M, 0, 0 };
	mods[256] = (struct multiboot_module){ 4 * M, 5 * M, 0, 0 };
	EXPECT_NULL(multiboot_read(&mb, &info));
	EXPECT_EQ(info.nr_modules, 1);
	EXPECT_EQ(info.module[0].start.v, 2 * M);
}

/* ---- the loader's form of the map: entries of variable size ---- */

static struct multiboot_mmap_entry *entry_at(uint8_t *buf, unsigned offset,
					     uint32_t size, uint64_t base)
{
	struct multiboot_mmap_entry *e = (void *)(buf + offset);

	e->size = size;
	e->base = base;
	e->length = 4096;
	e->type = 1;
	return e;
}

static unsigned count_entries(const uint8_t *buf, uint32_t length)
{
	struct multiboot_mmap_entry e;
	uint32_t offset = 0;
	unsigned n = 0;

	while (n < 1000 && multiboot_mmap_next(buf, length, &offset, &e))
		n++;
	return n;
}

KTEST(boot_multiboot, entries_longer_than_we_know_are_stepped_over)
{
	struct multiboot_mmap_entry e;
	uint32_t offset = 0;
	uint8_t buf[128];

	memset(buf, 0, sizeof(buf));
	entry_at(buf, 0, 20, 1);
	entry_at(buf, 24, 24, 2);
	entry_at(buf, 52, 36, 3);
	entry_at(buf, 92, 20, 4);
	for (unsigned i = 1; i <= 4; i++) {
		REQUIRE(multiboot_mmap_next(buf, 116, &offset, &e));
		EXPECT_EQ(e.base, i);
	}
	EXPECT(!multiboot_mmap_next(buf, 116, &offset, &e));
}

KTEST(boot_multiboot, size_of_zero_or_too_short_ends_the_map)
{
	uint8_t buf[72];

	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(count_entries(buf, sizeof(buf)), 0);
	for (uint32_t size = 1; size < 20; size++) {
		entry_at(buf, 0, 20, 1);
		entry_at(buf, 24, size, 2);
		EXPECT_EQ(count_entries(buf, sizeof(buf)), 1);
	}
}

KTEST(boot_multiboot, size_that_leads_out_of_the_map_ends_it)
{
	uint8_t buf[48];

	memset(buf, 0, sizeof(buf));
	for (unsigned shift = 5; shift < 32; shift++) {
		entry_at(buf, 0, 1u << shift, 1);
		EXPECT_EQ(count_entries(buf, 28), 1);
	}
	entry_at(buf, 0, 0xffffffff, 1);
	EXPECT_EQ(count_entries(buf, sizeof(buf)), 1);
}

KTEST(boot_multiboot, map_cut_in_the_middle_of_an_entry)
{
	uint8_t buf[48];

	entry_at(buf, 0, 20, 1);
	entry_at(buf, 24, 20, 2);
	EXPECT_EQ(count_entries(buf, 48), 2);
	for (uint32_t length = 24; length < 48; length++)
		EXPECT_EQ(count_entries(buf, length), 1);
	for (uint32_t length = 0; length < 24; length++)
		EXPECT_EQ(count_entries(buf, length), 0);
}

KTEST(boot_multiboot, random_bytes_as_a_map_end_and_sanitize)
{
	struct multiboot_mmap_entry e;
	uint32_t offset;
	struct rng rng;
	uint8_t buf[240];

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)rng_next(&rng);
		for (unsigned i = 0; i < sizeof(buf); i += 24)
			buf[i + 1] = buf[i + 2] = buf[i + 3] = 0;
		start();
		memmap_init(&map);
		offset = 0;
		while (multiboot_mmap_next(buf, sizeof(buf), &offset, &e))
			memmap_add(&map, &info, e.base, e.length, e.type);
		memmap_sanitize(&map, &info);
		EXPECT_NULL(boot_info_check(&info));
	}
}

static const char *boot_multiboot_suite_check(void)
{
	return boot_info_check(&info);
}

SUITE(boot_multiboot, boot_multiboot_suite_check);
