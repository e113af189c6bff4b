// SPDX-License-Identifier: MIT
/*
 * image_ram.c - is there memory where the kernel shall lie?
 *
 * WHAT     A loader copies the image to its addresses, even if there is no
 *          memory. On a machine with too little memory, the end of the image is
 *          lost without a message. So this code checks the memory.
 *
 * ALGORITHM  In every 64 KiB, and at the end, invert one word, look at it, and
 *          invert it back. Memory chips are larger than 64 KiB, so one word is
 *          enough. The word must not be read from the cache: WBINVD first
 *          writes the cache to memory.
 * COST     One WBINVD for 64 KiB of image, about 50.
 * SEE      SDM volume 2, WBINVD.
 */
#include "boot/image_ram.h"

#define STEP  0x10000u

static bool keeps(uint32_t pa)
{
	volatile uint32_t *word = (volatile uint32_t *)pa;
	uint32_t was = *word;
	bool kept;

	*word = ~was;
	__asm__ volatile("wbinvd" : : : "memory");
	kept = *word == ~was;
	*word = was;
	return kept;
}

uint32_t image_ram_missing(uint32_t start, uint32_t end)
{
	uint32_t last = end - sizeof(uint32_t);

	for (uint32_t pa = start; pa < last; pa += STEP)
		if (!keeps(pa))
			return pa;
	return keeps(last) ? 0 : last;
}
