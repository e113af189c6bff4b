// SPDX-License-Identifier: MIT
/*
 * start.c - from the first stack to main(), and from there to the end
 *
 * PICTURE  esp -> argc
 *                 argv[0] ... argv[argc - 1]  0
 *                 envp[0] ...                 0
 *                 type, value ...             AT_NULL, 0
 */
#include "user/lib/start.h"

#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/stdio.h"

char **environ;
const uint32_t *auxv;

void program_start(uintptr_t *stack) __noreturn;

const char *getenv(const char *name)
{
	size_t len = strlen(name);

	for (char **e = environ; *e; e++) {
		if (!strncmp(*e, name, len) && (*e)[len] == '=')
			return *e + len + 1;
	}
	return NULL;
}

uint32_t auxv_value(uint32_t type)
{
	for (const uint32_t *pair = auxv; *pair != AT_NULL; pair += 2) {
		if (*pair == type)
			return pair[1];
	}
	return 0;
}

void exit(int status)
{
	flush();
	linux_exit_group(status);
}

void program_start(uintptr_t *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	char **end = argv + argc + 1;

	environ = end;
	while (*end)
		end++;
	auxv = (const uint32_t *)(end + 1);
	exit(main(argc, argv, environ));
}
