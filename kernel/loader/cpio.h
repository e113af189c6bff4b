// SPDX-License-Identifier: MIT
/*
 * cpio.h - reading the boot archive
 *
 * WHAT     The boot archive is one multiboot module in cpio's "newc" format:
 *          files one after the other. Before each file, there is a header of
 *          hexadecimal text. The code only reads, and keeps pointers into the
 *          archive.
 *
 *            cpio_open(&cpio, data, size);
 *            while (cpio_next(&cpio, &file))
 *                    ...
 *            if (cpio.broken)
 *                    pr_warn("boot archive: %s\n", cpio.broken);
 *
 * PICTURE    070701 | 13 numbers of 8 hex digits | name 0 | pad | data | pad
 *            ...
 *            070701 ...  "TRAILER!!!"
 *
 * SEE      cpio(5), "New ASCII Format"; Linux
 *          Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#pragma once

#include "lib/compiler.h"

#define CPIO_NAME_MAX   256          /* with its final 0                     */
#define CPIO_MODE_TYPE  0170000u     /* Linux's S_IFMT, S_IFREG, S_IFDIR     */
#define CPIO_MODE_FILE  0100000u
#define CPIO_MODE_DIR   0040000u

struct cpio {
	const uint8_t *data;
	size_t         size;
	size_t         at;       /* of the next header                       */
	bool           ended;    /* the trailer was read                     */
	const char    *broken;   /* why reading ended early, or NULL         */
};

struct cpio_file {
	const char    *name;     /* ends with 0; no "/" or "./" in front     */
	uint32_t       mode;
	const uint8_t *data;
	uint32_t       size;
};

/* The bytes may be wrong: cpio_next() finds the errors. */
void cpio_open(struct cpio *cpio, const void *data, size_t size);

/*
 * The next file, directory or link of the archive.
 *
 * Returns: false at the end. If the archive is wrong, cpio->broken says why.
 */
bool cpio_next(struct cpio *cpio, struct cpio_file *file);

/* Find a regular file by name. Returns: false: not found before the end. */
bool cpio_find(const void *data, size_t size, const char *name,
	       struct cpio_file *file);
