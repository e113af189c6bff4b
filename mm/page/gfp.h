// SPDX-License-Identifier: MIT
/*
 * gfp.h - how to get free pages: the flags of every allocation
 *
 * WHAT     Where the memory may lie, whether the caller may wait for it, and
 *          what to do with it first.
 * TERMS    The low two bits are the zone modifier and index the zone lists.
 * SEE      Linux include/linux/gfp_types.h.
 */
#pragma once

#include "lib/compiler.h"

typedef unsigned gfp_t;

#define GFP_DMA      0x01u   /* ZONE_DMA only: below 16 MiB                  */
#define GFP_HIGHMEM  0x02u   /* anywhere, HIGHMEM first                      */
#define GFP_ZONES    0x03u   /* mask of the zone modifier; 0 means lowmem    */

#define GFP_RECLAIM  0x04u   /* may run shrinkers, and (later) sleep         */
#define GFP_HIGH     0x08u   /* may go below the watermark, into the reserve */
#define GFP_ZERO     0x10u   /* give it back zeroed                          */
#define GFP_NOWARN   0x20u   /* failure is expected: no message              */

#define GFP_KERNEL   GFP_RECLAIM                    /* the ordinary request  */
#define GFP_ATOMIC   GFP_HIGH                       /* never sleeps          */
#define GFP_HIGHUSER (GFP_KERNEL | GFP_HIGHMEM)     /* pages of user mode    */
