// SPDX-License-Identifier: MIT
// A bare number where a page frame is meant.
// REJECT -DFRAME=0x1000u
// ACCEPT -DFRAME='PFN(0x1000u)'
// gcc    incompatible type for argument
// clang  to parameter of incompatible type
#include <arch/addr.h>

phys_addr_t frame_start(void);

phys_addr_t frame_start(void)
{
	return pfn_to_phys(FRAME);
}
