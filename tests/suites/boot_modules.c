// SPDX-License-Identifier: MIT
/*
 * boot_modules.c - tests of module_add(): modules that lie in the way
 */
#include "boot/multiboot.h"

#include "lib/printf.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define K  1024ull
#define M  (1024 * K)

#define KERNEL_START  (1 * M)
#define KERNEL_END    (2 * M)
#define RAM_END       (64 * M)
#define RAM_HOLE      (32 * M)   /* one page reserved */

static struct boot_info info;

static void start(void)
{
	memset(&info, 0, sizeof(info));
	info.magic = BOOT_INFO_MAGIC;
	info.phys_bits = 32;
	info.kernel_start = PHYS(KERNEL_START);
	info.kernel_end = PHYS(KERNEL_END);
	info.range[0] = (struct boot_range){ PHYS(1 * M), PHYS(RAM_HOLE),
					     BOOT_RAM };
	info.range[1] = (struct boot_range){ PHYS(RAM_HOLE),
					     PHYS(RAM_HOLE + 4 * K),
					     BOOT_RESERVED };
	info.range[2] = (struct boot_range){ PHYS(RAM_HOLE + 4 * K),
					     PHYS(RAM_END), BOOT_RAM };
	info.nr_ranges = 3;
	/* Behind the ranges and modules there may be anything. */
	info.range[3] = (struct boot_range){ PHYS(0), PHYS(1ull << 32),
					     BOOT_RAM };
	memset(&info.range[4], 0xff, sizeof(info.range) -
	       4 * sizeof(info.range[0]));
	memset(info.module, 0xff, sizeof(info.module));
}

static bool add(uint64_t from, uint64_t to)
{
	return module_add(&info, PHYS(from), PHYS(to), "args");
}

static void expect_dropped(uint64_t from, uint64_t to)
{
	unsigned nr = info.nr_modules;

	info.warnings[0] = '\0';
	EXPECT(!add(from, to));
	EXPECT_EQ(info.nr_modules, nr);
	EXPECT(info.warnings[0] != '\0');
	EXPECT_NULL(boot_info_check(&info));
}

KTEST(boot_modules, module_right_behind_the_kernel_is_taken)
{
	start();
	EXPECT(add(KERNEL_END, KERNEL_END + 10000));
	EXPECT_EQ(info.nr_modules, 1);
	EXPECT_EQ(info.module[0].end.v, KERNEL_END + 10000);
	EXPECT_STREQ(info.module[0].args, "args");
	EXPECT_EQ(info.warnings[0], 0);
}

/* All 24 orders of four modules. */
KTEST(boot_modules, modules_are_sorted_whatever_order_the_loader_has)
{
	static const char *const args[] = { "a", "b", "c", "d" };

	for (unsigned order = 0; order < 24; order++) {
		unsigned left[] = { 0, 1, 2, 3 }, rest = order;

		start();
		for (unsigned nr = 4; nr > 0; rest /= nr--) {
			unsigned k = left[rest % nr];

			left[rest % nr] = left[nr - 1];
			EXPECT(module_add(&info, PHYS((4 + k) * M),
					  PHYS((5 + k) * M), args[k]));
			EXPECT_NULL(boot_info_check(&info));
		}
		EXPECT_EQ(info.nr_modules, 4);
		for (unsigned k = 0; k < 4; k++) {
			EXPECT_EQ(info.module[k].start.v, (4 + k) * M);
			EXPECT_EQ(info.module[k].end.v, (5 + k) * M);
			EXPECT_STREQ(info.module[k].args, args[k]);
		}
		EXPECT_EQ(info.warnings[0], 0);
	}
}

KTEST(boot_modules, module_over_the_kernel_is_dropped)
{
	start();
	expect_dropped(KERNEL_END - 1, KERNEL_END + 4096);
	expect_dropped(KERNEL_START, KERNEL_START + 1);
	expect_dropped(KERNEL_START, KERNEL_END);
	expect_dropped(KERNEL_START, KERNEL_END + 1);
}

KTEST(boot_modules, module_over_another_is_dropped)
{
	start();
	EXPECT(add(4 * M, 6 * M));
	expect_dropped(5 * M, 7 * M);
	expect_dropped(3 * M, 5 * M);
	expect_dropped(3 * M, 7 * M);
	expect_dropped(4 * M, 6 * M);
	expect_dropped(5 * M, 5 * M + 1);
	EXPECT(add(6 * M, 7 * M));
	EXPECT(add(3 * M, 4 * M));
}

KTEST(boot_modules, a_module_over_any_other_is_dropped)
{
	start();
	for (unsigned i = 0; i < 3; i++)
		EXPECT(add((4 + 2 * i) * M, (5 + 2 * i) * M));
	/* One that was there before. */
	info.module[3] = (struct boot_module){ PHYS(20 * M), PHYS(21 * M), "" };
	for (unsigned i = 0; i < 3; i++)
		expect_dropped((4 + 2 * i) * M, (4 + 2 * i) * M + 1);
	EXPECT(add(20 * M, 21 * M));
	EXPECT_EQ(info.nr_modules, 4);
	EXPECT_NULL(boot_info_check(&info));
}

KTEST(boot_modules, the_warning_says_why)
{
	static const struct { uint64_t from, to; const char *why; } cases[] = {
		{ 8 * M, 8 * M, "it is empty" },
		{ RAM_END, RAM_END + 1, "it is not in RAM" },
		{ KERNEL_START, KERNEL_END, "it overlaps the kernel" },
		{ 4 * M, 6 * M, "it overlaps another" },
	};

	start();
	EXPECT(add(5 * M, 7 * M));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		char want[96];
		phys_addr_t pa = PHYS(cases[i].from);

		expect_dropped(cases[i].from, cases[i].to);
		snprintf(want, sizeof(want), "module at %pP dropped: %s\n",
			 &pa, cases[i].why);
		EXPECT_STREQ(info.warnings, want);
	}
}

KTEST(boot_modules, module_outside_ram_is_dropped)
{
	start();
	expect_dropped(RAM_END - 4096, RAM_END + 1);
	expect_dropped(RAM_END, RAM_END + 4096);
	expect_dropped(RAM_HOLE - 4096, RAM_HOLE + 8192);
	expect_dropped(0xfff00000, 0xfff01000);
	expect_dropped(0, 4096);
}

KTEST(boot_modules, empty_and_backward_modules_are_dropped)
{
	start();
	expect_dropped(4 * M, 4 * M);
	expect_dropped(5 * M, 4 * M);
}

KTEST(boot_modules, one_module_too_many_is_dropped)
{
	start();
	for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
		EXPECT(add((4 + i) * M, (5 + i) * M));
	expect_dropped(40 * M, 41 * M);
}

KTEST(boot_modules, text_that_is_missing_or_too_long)
{
	char text[200];

	start();
	EXPECT(module_add(&info, PHYS(4 * M), PHYS(5 * M), NULL));
	EXPECT_STREQ(info.module[0].args, "");

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	EXPECT(module_add(&info, PHYS(6 * M), PHYS(7 * M), text));
	EXPECT_EQ(strlen(info.module[1].args),
		  sizeof(info.module[1].args) - 1);
	EXPECT(info.warnings[0] != '\0');
}

/* Three modules; all of boot_info is right. */
static void start_with_three(void)
{
	start();
	for (unsigned i = 0; i < 3; i++)
		EXPECT(add((4 + 2 * i) * M, (5 + 2 * i) * M));
	EXPECT_NULL(boot_info_check(&info));
}

KTEST(boot_modules, check_finds_each_module_that_is_wrong)
{
	for (unsigned i = 0; i < 3; i++) {
		start_with_three();
		info.module[i].end = PHYS(RAM_END + 1);
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I3: modules lie in RAM");
		start_with_three();
		info.module[i].start = PHYS(RAM_HOLE - 1);
		info.module[i].end = PHYS(RAM_HOLE + 1);
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I3: modules lie in RAM");
		start_with_three();
		info.module[i].start = PHYS(KERNEL_END - 1);
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I3: modules lie outside the kernel");
		start_with_three();
		info.module[i].start = PHYS(KERNEL_START);
		info.module[i].end = PHYS(KERNEL_START + 1);
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I3: modules lie outside the kernel");
		if (!i)
			continue;
		start_with_three();
		info.module[i].start.v = info.module[i - 1].end.v - 1;
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I3: modules are sorted and disjoint");
		info.module[i].start.v++;
		EXPECT_NULL(boot_info_check(&info));
	}
	start_with_three();
	info.nr_modules = BOOT_MODULES_MAX + 1;
	EXPECT_STREQ(boot_info_check(&info), "boot_info I3: too many modules");
	start();
}

KTEST(boot_modules, check_finds_each_range_that_is_wrong)
{
	for (unsigned i = 0; i < 3; i++) {
		start();
		info.range[i].end = info.range[i].start;
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I1: no range is empty");
		if (!i)
			continue;
		start();
		info.range[i].start.v--;
		EXPECT_STREQ(boot_info_check(&info),
			     "boot_info I1: ranges are sorted and disjoint");
	}
	start();
	info.range[2].end = PHYS(1ull << 32);
	EXPECT_NULL(boot_info_check(&info));
	info.range[2].end.v++;
	EXPECT_STREQ(boot_info_check(&info),
		     "boot_info I2: no range reaches above the physical width");
	start();
	info.nr_ranges = BOOT_RANGES_MAX + 1;
	EXPECT_STREQ(boot_info_check(&info), "boot_info I1: too many ranges");
	start();
}

KTEST(boot_modules, check_finds_a_kernel_outside_ram_and_an_endless_line)
{
	start();
	info.kernel_start.v--;
	EXPECT_STREQ(boot_info_check(&info),
		     "boot_info I5: the kernel lies in RAM");
	start();
	info.kernel_end = PHYS(RAM_HOLE + 1);
	EXPECT_STREQ(boot_info_check(&info),
		     "boot_info I5: the kernel lies in RAM");
	start();
	memset(info.cmdline, 'a', BOOT_CMDLINE_MAX);
	EXPECT_STREQ(boot_info_check(&info),
		     "boot_info I4: the command line ends");
	info.cmdline[BOOT_CMDLINE_MAX - 1] = '\0';
	EXPECT_NULL(boot_info_check(&info));
	start();
	info.magic++;
	EXPECT_STREQ(boot_info_check(&info), "this is not a boot_info");
	start();
}

static const char *boot_modules_suite_check(void)
{
	return boot_info_check(&info);
}

SUITE(boot_modules, boot_modules_suite_check);
