// SPDX-License-Identifier: MIT
// The result of an allocation that nobody looks at.
// REJECT -DKEEP=
// ACCEPT -DKEEP='return'
// gcc    ignoring return value of
// clang  ignoring return value of function
#include "mm/page/page_alloc.h"

struct page *take(void);

struct page *take(void)
{
	KEEP alloc_pages(GFP_KERNEL, 0);
	return NULL;
}
