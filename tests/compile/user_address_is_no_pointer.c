// SPDX-License-Identifier: MIT
// A user address followed as if it were a kernel pointer.
// REJECT -D'READ(at)=(*(at))'
// ACCEPT -D'READ(at)=((at).v)'
// gcc    invalid type argument of unary
// clang  indirection requires pointer operand
#include <arch/addr.h>

uint32_t peek(uaddr_t at);

uint32_t peek(uaddr_t at)
{
	return READ(at);
}
