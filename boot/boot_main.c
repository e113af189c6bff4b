// SPDX-License-Identifier: MIT
/*
 * boot_main.c - the boot world, in one list
 *
 * WHAT     This code runs with paging off, at physical addresses. It shares no
 *          global variable with the kernel: boot/ and its copies of lib/ are
 *          linked separately. The build checks that only kernel_main and the
 *          names of linker.ld are left undefined.
 *
 * PICTURE    loader's structures --> struct boot_info --> kernel_main()
 *            CPUID                --> struct boot_tables --> CR3
 *
 * ALGORITHM  Check everything now, while the code can still print a message.
 *          After paging is on, a mistake is a reset without a message.
 * SEE      entry.S, which calls boot_main() and then turns paging on; SDM
 *          volume 2, WBINVD.
 */
#include <arch/layout.h>

#include "boot/boot_info.h"
#include "boot/cpu_gate.h"
#include "boot/fail.h"
#include "boot/memmap.h"
#include "boot/multiboot.h"
#include "boot/paging.h"
#include "lib/align.h"
#include "lib/string.h"

/* Made by linker.ld; physical addresses. */
extern char image_start[], boot_end[], image_end[];

/* For entry.S. */
extern struct boot_tables boot_tables;
extern uint32_t boot_cr4_bits;
struct boot_info *boot_main(uint32_t magic, uint32_t info_phys);

struct boot_tables boot_tables;
uint32_t boot_cr4_bits;

static struct boot_info boot_info;

/*
 * A loader copies the image to its addresses, even if there is no memory. So
 * invert one word in every 64 KiB and at the end, look at it, and invert it
 * back. Memory chips are larger than 64 KiB, so one word is enough. The word
 * must not be read from the cache: WBINVD first writes the cache to memory.
 *
 * Returns: the first address that keeps nothing; 0: there is memory up to end.
 */
static uint32_t missing_memory(uint32_t start, uint32_t end)
{
	uint32_t last = end - sizeof(uint32_t);

	for (uint32_t pa = start;; pa = MIN(pa + 0x10000, last)) {
		volatile uint32_t *word = (volatile uint32_t *)pa;
		uint32_t was = *word;
		bool kept;

		*word = ~was;
		__asm__ volatile("wbinvd" : : : "memory");
		kept = *word == ~was;
		*word = was;
		if (!kept)
			return pa;
		if (pa == last)
			return 0;
	}
}

static void collect(struct boot_info *info, uint32_t info_phys,
		    unsigned phys_bits)
{
	const char *why;

	info->magic = BOOT_INFO_MAGIC;
	info->phys_bits = phys_bits;
	info->kernel_start = PHYS((uint32_t)image_start);
	info->kernel_end = PHYS((uint32_t)image_end);
	why = multiboot_read((const struct multiboot_info *)info_phys, info);
	if (why)
		boot_fail("%s.", why);
	why = boot_info_check(info);
	if (why)
		boot_fail("boot_info breaks %s.", why);
}

static void make_tables(const struct boot_info *info)
{
	uint32_t end = MAX(memmap_lowmem_end(info), (uint32_t)image_end);
	const struct boot_paging what = {
		.tables_phys = (uint32_t)&boot_tables,
		.lowmem_end  = MIN(ALIGN_UP(end, LARGE_PAGE_SIZE), LOWMEM_MAX),
		.image_end   = (uint32_t)image_end,
		.phys_bits   = info->phys_bits,
	};
	struct paging_defect defect;

	paging_build(&boot_tables, &what);
	defect = paging_lint(&boot_tables, &what);
	if (defect.law)
		boot_fail("the first page tables are wrong: %s[%u] is "
			  "0x%016llx\n%s.", defect.table, defect.index,
			  (unsigned long long)defect.entry, defect.law);
}

/*
 * Context: called once by entry.S. `magic` and `info_phys` are the loader's
 *          EAX and EBX.
 * Returns: the hand-off, by its physical address.
 */
struct boot_info *boot_main(uint32_t magic, uint32_t info_phys)
{
	struct cpu_facts cpu;
	uint32_t hole;

	if (magic != MULTIBOOT_LOADER_MAGIC)
		boot_fail("the loader does not speak multiboot 1 (EAX is "
			  "0x%08x).", (unsigned)magic);
	cpu_gate(&cpu);
	boot_cr4_bits = cpu.cr4_bits;
	/* The image needs no check up to boot_end: this code runs there. */
	hole = missing_memory((uint32_t)boot_end, (uint32_t)image_end);
	if (hole)
		boot_fail("no memory at 0x%08x: the kernel needs all from "
			  "0x%08x to 0x%08x.\nGive the machine more: in QEMU, "
			  "-m 16M and up.", (unsigned)hole,
			  (unsigned)image_start, (unsigned)image_end);
	collect(&boot_info, info_phys, cpu.phys_bits);
	make_tables(&boot_info);
	return &boot_info;
}
