// SPDX-License-Identifier: MIT
/*
 * soak.h - what the long-running programs share
 *
 * WHAT     Each program does something many times that must leave nothing
 *          behind. The kernel counts pages, objects and threads before and
 *          after a program (`program=` on its command line), and runs every
 *          checker.
 */
#pragma once

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "user/lib/linux.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define PAGE  4096u
#define RW    (PROT_READ | PROT_WRITE)

/* Argument i as a number; `usual` if it is missing. */
static inline uint32_t soak_number(int argc, char **argv, int i,
				   uint32_t usual)
{
	uint32_t n = 0;

	if (i >= argc)
		return usual;
	for (const char *p = argv[i]; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	return n;
}

static inline void soak_sleep_ms(uint32_t ms)
{
	struct linux_timespec nap = { (int32_t)(ms / 1000),
				      (int32_t)(ms % 1000 * 1000000) };

	linux_nanosleep(&nap, NULL);
}

static inline void *soak_map(uint32_t length, int flags)
{
	return linux_mmap(NULL, length, RW, flags | MAP_ANONYMOUS, -1, 0);
}

/* Waits until no child is left. Returns: how many there were. */
static inline uint32_t soak_reap_all(void)
{
	uint32_t n = 0;
	int status;

	while (linux_waitpid(-1, &status, 0) > 0)
		n++;
	return n;
}
