// SPDX-License-Identifier: MIT
/*
 * hello.c - prints hello and its arguments
 */
#include "user/lib/linux.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

int main(int argc, char **argv, char **envp)
{
	printf("Hello from user mode, pid %ld\n", linux_getpid());
	for (int i = 1; i < argc; i++)
		printf("argv[%d] = %s\n", i, argv[i]);
	return 0;
}
