// SPDX-License-Identifier: MIT
/*
 * pool_impl.h - what a pool of small pieces of coherent memory consists of
 *
 * WHAT     Only pool.c and its tests include this header. The theory is at the
 *          head of pool.c.
 */
#pragma once

#include "mm/dma/dma_impl.h"

/*
 * Protection:  I  set when it is made, then constant
 *              l  dma_lock
 */
struct chunk {
	struct list_head link;       /* l  pool->chunks                      */
	char            *ptr;        /* I  coherent memory                   */
	bus_addr_t       bus;        /* I                                    */
	uint32_t         used;       /* l  pieces                            */
	uint32_t         map[];      /* l  a bit for each piece in use       */
};

struct dma_pool {
	const char        *name;             /* I                            */
	struct dma_device *dev;              /* I                            */
	uint32_t           size, stride;     /* I                            */
	uint32_t           chunk_size;       /* I                            */
	uint32_t           segment;          /* I                            */
	uint32_t           per_segment;      /* I  pieces                    */
	uint32_t           nr;               /* I  pieces of a chunk         */
	unsigned long      used;             /* l                            */
	struct list_head   chunks;           /* l  see L3                    */
	struct list_head   link;             /* l  all pools                 */
};
