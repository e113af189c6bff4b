// SPDX-License-Identifier: MIT
/*
 * fixmap.c - where the page tables of the fixmap and of kmap are
 *
 * WHAT     The variables behind <arch/fixmap.h> and <arch/pkmap.h>. The
 *          functions of these headers are inline, because kmap() and
 *          kmap_local() must be fast.
 *
 * RULES    pgtable_check() sees a breach as pgtable G1 or N1:
 *          only slots 0 .. FIXMAP_NR_SLOTS - 1 are ever present; the entry of
 *          FIXADDR_TOP, the last of the table, never is
 */
#include <arch/fixmap.h>
#include <arch/pkmap.h>

pte_t *fixmap_table, *pkmap_table;
