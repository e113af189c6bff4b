// SPDX-License-Identifier: MIT
/*
 * md_log.c - lines, and a number that stands for all of them
 *
 * WHAT     Every line goes into a 64-bit FNV-1a digest; in full mode it is
 *          printed too. Comparing digests is comparing lines, at a hundredth
 *          of the text: where two differ, the sequence runs again in full.
 *
 * RULES    a line is one write(), with "~" in front, so that it can be told
 *          from what a kernel prints in between.
 */
#include "tests/differential/md.h"

#include "lib/printf.h"

#define LINE_SIZE   160
#define FNV_BASIS   0xcbf29ce484222325ull
#define FNV_PRIME   0x100000001b3ull

static bool print_all;
static uint64_t digest = FNV_BASIS;

void log_begin(bool in_full)
{
	print_all = in_full;
	digest = FNV_BASIS;
}

uint64_t log_digest(void)
{
	return digest;
}

static size_t format(char *line, const char *fmt, va_list args)
{
	size_t length;

	line[0] = '~';
	vsnprintf(line + 1, LINE_SIZE - 2, fmt, args);
	for (length = 1; line[length]; length++)
		;
	line[length++] = '\n';
	return length;
}

void log_line(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t length;

	va_start(args, fmt);
	length = format(line, fmt, args);
	va_end(args);
	for (size_t i = 0; i < length; i++)
		digest = (digest ^ (uint8_t)line[i]) * FNV_PRIME;
	if (print_all)
		linux_write(1, line, length);
}

void say(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t length;

	va_start(args, fmt);
	length = format(line, fmt, args);
	va_end(args);
	linux_write(1, line, length);
}

static void format_place(char *text, size_t size, char letter, uint32_t offset)
{
	if (offset % PAGE)
		snprintf(text, size, "%c+%u.%x", letter, offset / PAGE,
			 offset % PAGE);
	else
		snprintf(text, size, "%c+%u", letter, offset / PAGE);
}

const char *place(uint32_t addr)
{
	static char texts[4][24];
	static unsigned next;
	char *text = texts[next++ % 4];
	size_t size = sizeof(texts[0]);

	if (addr - A_BASE < 2 * A_PAGES * PAGE)
		format_place(text, size, 'A', addr - A_BASE);
	else if (addr - G_BASE < 2 * G_PAGES * PAGE)
		format_place(text, size, 'G', addr - G_BASE);
	else if (addr - md.heap < 4 * B_PAGES * PAGE)
		format_place(text, size, 'B', addr - md.heap);
	else if (addr <= md.top && md.top - addr < 0x10000000)
		snprintf(text, size, "T-0x%x", md.top - addr);
	else
		snprintf(text, size, "0x%x", addr);
	return text;
}

const char *place_or_error(long result)
{
	static char text[16];

	if (!IS_ERROR(result))
		return place((uint32_t)result);
	snprintf(text, sizeof(text), "%ld", result);
	return text;
}
