// SPDX-License-Identifier: MIT
/*
 * fixmap.c - where the fixmap's page table is
 *
 * WHAT     The one variable behind <arch/fixmap.h>, whose functions are inline
 *          because kmap_local() counts their instructions.
 *
 * INVARIANTS (pgtable_check() proves them)
 *          only slots 0 .. FIXMAP_NR_SLOTS - 1 are ever present; the entry of
 *          FIXADDR_TOP, the last of the table, never is
 */
#include <arch/fixmap.h>

struct fixmap_entry *fixmap_table;
