// SPDX-License-Identifier: MIT
// An address printed by value: %pP takes a pointer to it.
// REJECT -DADDRESS=pa
// ACCEPT -DADDRESS='&pa'
// gcc    expects argument of type
// clang  format specifies type
#include "lib/log.h"

#include <arch/addr.h>

void say(phys_addr_t pa);

void say(phys_addr_t pa)
{
	pr_info("at %pP\n", ADDRESS);
}
