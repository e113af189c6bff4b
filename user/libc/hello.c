// SPDX-License-Identifier: MIT
/*
 * hello.c - a C library's hello world
 *
 * WHAT     Plain C, nothing of ours. The build links it with the static libc
 *          of Debian's musl-dev and libc6-dev for i386, if these packages could
 *          be fetched. So start-up code, printf() and malloc() of other people
 *          run on our kernel, unchanged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	size_t length = 100000;
	char *text = malloc(length + 1);

	if (!text)
		return 1;
	memset(text, '.', length);
	text[length] = '\0';
	printf("hello from a C library: %zu dots, argc %d, %.3f\n",
	       strlen(text), argc, 22 / 7.0);
	for (int i = 1; i < argc; i++)
		printf("argv[%d] = %s\n", i, argv[i]);
	free(text);
	return 0;
}
