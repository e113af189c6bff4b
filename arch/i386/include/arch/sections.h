// SPDX-License-Identifier: MIT
/*
 * sections.h - where the parts of the kernel image begin and end
 *
 * WHAT     Symbols that linker.ld makes. Only their addresses have a meaning.
 *
 * PICTURE  physical, from 1 MiB up; the kernel's half is linked 3 GiB higher
 *
 *            image_start  boot_start   +--------------------+
 *                                      | boot text     R-X  |  linked at its
 *                                      | boot data     RW-  |  physical address
 *                         boot_end     +--------------------+
 *                         text_start   | kernel text   R-X  |
 *                         rodata_start | constants     R--  |
 *                         data_start   | data          RW-  |
 *                         bss_start    | bss           RW-  |
 *            image_end    bss_end      +--------------------+
 *
 * RULES of sections
 *          S1  every boundary above is page-aligned
 *          S2  boot_* and image_* are physical addresses, all others virtual
 *          S3  [boot_start, boot_end) is free memory after boot_info is copied
 */
#pragma once

/* Physical addresses: use them as numbers, do not follow them. */
extern char image_start[], image_end[];
extern char boot_start[], boot_end[];

/* Virtual, in the direct map. */
extern char text_start[], text_end[];
extern char rodata_start[], rodata_end[];
extern char data_start[], data_end[];
extern char bss_start[], bss_end[];
