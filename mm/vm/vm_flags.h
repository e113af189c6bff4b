// SPDX-License-Identifier: MIT
/*
 * vm_flags.h - which area may have which flag, and what keeps it
 *
 * WHAT     A table of flags and operations. The masks of mm/vm/ are made from
 *          it, mm_check() compares every area with it (V7), and
 *          tests/suites/vm_flags.c tries each cell.
 *
 * TERMS    The columns; 1: yes, 0: no, 2: the operation itself decides
 *          p s d   the area is private, shared, a device's
 *          join    neighbours may differ in it; the joined area has the flag if
 *                  one of them had it
 *          move    mremap(): the area at its new place
 *          left    MREMAP_DONTUNMAP: the empty area that stays
 *          fork    the child's area
 *          share   the giver's private area, when others get a map of it
 *          map     the receiver's area of a map
 *          grant   the receiver's area of a grant
 *
 *          If a flag has no 1 for this kind of area, the call that would set
 *          it refuses or ignores it, as on Linux.
 *
 * SEE      mm/vm/vma.h, what each flag means; Linux include/linux/mm.h.
 */
#pragma once

#include "mm/vm/vma.h"

/*      flag             p  s  d join move left fork share map grant          */
#define VM_FLAG_RULES(R)                                                       \
	R(VM_READ,         1, 1, 1, 0,   1,   1,   1,   1,    2,  2)           \
	R(VM_WRITE,        1, 1, 1, 0,   1,   1,   1,   1,    2,  2)           \
	R(VM_EXEC,         1, 1, 0, 0,   1,   1,   1,   1,    2,  2)           \
	R(VM_SHARED,       0, 1, 0, 0,   1,   1,   1,   2,    1,  1)           \
	/* A shared stack was private. It grows by private pages (fault.c). */ \
	R(VM_GROWSDOWN,    1, 1, 0, 0,   1,   1,   1,   1,    0,  0)           \
	R(VM_LOCKED,       1, 1, 0, 0,   1,   0,   0,   1,    0,  0)           \
	/* An object counts its pages itself. */                               \
	R(VM_ACCOUNT,      1, 0, 0, 0,   1,   1,   1,   0,    0,  2)           \
	R(VM_NORESERVE,    1, 1, 1, 0,   1,   1,   1,   1,    0,  0)           \
	/* The child does not get the area. */                                 \
	R(VM_DONTCOPY,     1, 1, 0, 0,   1,   1,   0,   1,    0,  0)           \
	R(VM_WIPEONFORK,   1, 0, 0, 0,   1,   1,   1,   0,    0,  0)           \
	R(VM_RAND_READ,    1, 1, 0, 0,   1,   1,   1,   1,    0,  0)           \
	R(VM_SEQ_READ,     1, 1, 0, 0,   1,   1,   1,   1,    0,  0)           \
	R(VM_FORKED,       1, 0, 0, 0,   1,   2,   2,   0,    0,  2)           \
	/* An object has copies. A grant gives the pages themselves. */        \
	R(VM_KERNEL_PAGES, 1, 0, 0, 0,   1,   1,   2,   0,    0,  1)           \
	R(VM_DONTDUMP,     1, 1, 0, 0,   1,   1,   1,   1,    0,  0)           \
	/* At another place the area has other neighbours. */                  \
	R(VM_UNJOINED,     1, 1, 0, 1,   0,   2,   1,   0,    0,  0)           \
	R(VM_TOUCHED,      1, 1, 1, 1,   1,   1,   2,   1,    0,  2)           \
	R(VM_DEVICE,       0, 0, 1, 0,   0,   0,   0,   0,    0,  0)

enum vm_flag_column {
	VM_OF_PRIVATE,
	VM_OF_SHARED,
	VM_OF_DEVICE,
	VM_JOINS,
	VM_KEPT_BY_MOVE,
	VM_KEPT_BY_LEFT,
	VM_KEPT_BY_FORK,
	VM_KEPT_BY_SHARE,
	VM_KEPT_BY_MAP,
	VM_KEPT_BY_GRANT,
	VM_NR_COLUMNS
};

/* The flags that have a 1 in a column. */
static const unsigned vm_flags_of[VM_NR_COLUMNS] = {
#define VM_COLUMN0(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((p) == 1) * (f)
#define VM_COLUMN1(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((s) == 1) * (f)
#define VM_COLUMN2(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((d) == 1) * (f)
#define VM_COLUMN3(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((j) == 1) * (f)
#define VM_COLUMN4(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((mv) == 1) * (f)
#define VM_COLUMN5(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((l) == 1) * (f)
#define VM_COLUMN6(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((fk) == 1) * (f)
#define VM_COLUMN7(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((sh) == 1) * (f)
#define VM_COLUMN8(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((mp) == 1) * (f)
#define VM_COLUMN9(f, p, s, d, j, mv, l, fk, sh, mp, g)  | ((g) == 1) * (f)
	[VM_OF_PRIVATE]    = 0 VM_FLAG_RULES(VM_COLUMN0),
	[VM_OF_SHARED]     = 0 VM_FLAG_RULES(VM_COLUMN1),
	[VM_OF_DEVICE]     = 0 VM_FLAG_RULES(VM_COLUMN2),
	[VM_JOINS]         = 0 VM_FLAG_RULES(VM_COLUMN3),
	[VM_KEPT_BY_MOVE]  = 0 VM_FLAG_RULES(VM_COLUMN4),
	[VM_KEPT_BY_LEFT]  = 0 VM_FLAG_RULES(VM_COLUMN5),
	[VM_KEPT_BY_FORK]  = 0 VM_FLAG_RULES(VM_COLUMN6),
	[VM_KEPT_BY_SHARE] = 0 VM_FLAG_RULES(VM_COLUMN7),
	[VM_KEPT_BY_MAP]   = 0 VM_FLAG_RULES(VM_COLUMN8),
	[VM_KEPT_BY_GRANT] = 0 VM_FLAG_RULES(VM_COLUMN9),
};

/* The flags that an area of this kind may have. */
static inline unsigned vma_may_have(const struct vma *vma)
{
	if (vma->flags & VM_DEVICE)
		return vm_flags_of[VM_OF_DEVICE];
	return vm_flags_of[vma->object ? VM_OF_SHARED : VM_OF_PRIVATE];
}
