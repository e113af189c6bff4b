// SPDX-License-Identifier: MIT
/*
 * mayfly.c - a server that takes a name and ends at once
 *
 * WHAT     The name is free again after this: a second mayfly can take it.
 */
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

int main(int argc, char **argv, char **envp)
{
	long endpoint = endpoint_create();
	long before = names_try("mayfly");
	long err = endpoint < 0 ? endpoint
				: names_register("mayfly", (uint32_t)endpoint);
	long after = names_try("mayfly");

	printf("mayfly: before %ld, registered %ld, then %s\n", before, err,
	       after > 0 ? "found" : "not found");
	return err < 0;
}
