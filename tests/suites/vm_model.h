// SPDX-License-Identifier: MIT
/*
 * vm_model.h - a naive address space, page by page
 *
 * WHAT     What the memory calls should do to a window of MODEL_PAGES pages,
 *          written down as simply as possible: one record for each page, no
 *          areas, no tables, no sharing of pages. vm_random.c compares.
 *
 * TERMS    value   a unique number in the first word of a page: it shows when a
 *                  page is in the wrong place
 */
#pragma once

#include "lib/compiler.h"

#define MODEL_PAGES    48u
#define MODEL_OBJECTS  64u     /* shared objects of one run, then it ends */

struct model_page {
	bool     mapped, locked, dontcopy, wipe;
	unsigned rights;       /* VM_READ | VM_WRITE | VM_EXEC            */
	int      object;       /* -1: private                             */
	unsigned index;        /* in the object                           */
	uint32_t value;        /* of a private page                       */
};

struct model {
	struct model_page page[MODEL_PAGES];
	unsigned          brk;         /* pages from the start of the window */
};

struct model_object {
	unsigned nr_pages;
	uint32_t value[MODEL_PAGES];
};
