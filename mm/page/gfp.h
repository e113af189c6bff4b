// SPDX-License-Identifier: MIT
/*
 * gfp.h - how to get free pages: the flags of every allocation
 *
 * WHAT     Where the memory may lie, how hard the allocator should try, and
 *          whether it clears the memory.
 * TERMS    zone modifier  the low two bits: the index into the zone lists
 * SEE      Linux include/linux/gfp_types.h.
 */
#pragma once

#include "lib/compiler.h"

typedef unsigned gfp_t;

#define GFP_DMA      0x01u   /* ZONE_DMA only: below 16 MiB                  */
#define GFP_HIGHMEM  0x02u   /* anywhere, HIGHMEM first                      */
#define GFP_ZONES    0x03u   /* mask of the zone modifier; 0 means lowmem    */

#define GFP_RECLAIM  0x04u   /* may run shrinkers when memory is short       */
#define GFP_HIGH     0x08u   /* may go below the watermark, into the reserve */
#define GFP_ZERO     0x10u   /* clear the memory                             */
#define GFP_NOWARN   0x20u   /* failure is expected: no message              */

#define GFP_ALL      0x3fu   /* every flag there is                          */

#define GFP_KERNEL   GFP_RECLAIM                    /* the ordinary request  */
#define GFP_ATOMIC   GFP_HIGH                       /* runs no shrinkers     */
#define GFP_HIGHUSER (GFP_KERNEL | GFP_HIGHMEM)     /* pages of user mode    */
