// SPDX-License-Identifier: MIT
/*
 * md_probe.c - look at memory that may not be there
 *
 * WHAT     Calls that read or write user memory say -EFAULT instead of ending
 *          the program, so they can ask whether an access would work:
 *
 *            set_thread_area  reads 16 bytes, and refuses what we ever write:
 *                             entry numbers from 0x80000000 on, or 0
 *            clock_gettime    writes 8 bytes
 *
 * RULES    each word that fill_page() writes has its upper bit set and ends
 *          in 0xc3, which as an instruction is a return.
 */
#include "tests/differential/md.h"

#include "lib/errno.h"

bool can_read(uint32_t addr)
{
	return syscall1(LINUX_NR_set_thread_area, (long)addr) != -EFAULT;
}

/* Asked of the kernel, too. */
static bool can_write(uint32_t addr)
{
	return syscall2(LINUX_NR_clock_gettime, CLOCK_MONOTONIC, (long)addr) !=
	       -EFAULT;
}

static volatile uint32_t *word_at(uint32_t addr)
{
	return (volatile uint32_t *)addr;
}

bool fill_page(uint32_t page)
{
	uint32_t pattern = 0x800000c3u | md.stamp << 8;

	if (!can_write(page))
		return false;
	md.stamp = (md.stamp + 1) & 0x7fffff;
	*word_at(page) = pattern;
	*word_at(page + 4) = pattern ^ 0x10000;
	*word_at(page + PAGE - 4) = pattern ^ 0x20000;
	return true;
}

static void log_words(uint32_t page)
{
	log_line("  %s %x %x %x", place(page), *word_at(page),
		 *word_at(page + 4), *word_at(page + PAGE - 4));
}

void log_contents(uint32_t page, unsigned nr)
{
	char text[LOOK_PAGES + 1];
	unsigned i;

	for (i = 0; i < nr; i++) {
		uint32_t at = page + i * PAGE;

		text[i] = !can_read(at) ? '-' : *word_at(at) ? 'w' : '0';
	}
	text[i] = '\0';
	log_line("  hold %s %s", place(page), text);
	for (i = 0; i < nr; i++)
		if (text[i] == 'w')
			log_words(page + i * PAGE);
}

void log_mincore(uint32_t page, unsigned nr)
{
	uint8_t vec[1];
	char text[LOOK_PAGES + 1];
	unsigned i;

	for (i = 0; i < nr; i++) {
		long err = linux_mincore((void *)(page + i * PAGE), PAGE, vec);

		text[i] = err ? '.' : vec[0] & 1 ? '1' : '0';
	}
	text[i] = '\0';
	log_line("  core %s %s", place(page), text);
}
