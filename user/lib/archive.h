// SPDX-License-Identifier: MIT
/*
 * archive.h - the boot archive, for init and the file server, which have it
 */
#pragma once

#include "user/lib/protocol.h"

struct archive {
	const char *data;
	uint32_t    size;
};

struct archive_file {
	const char *name;
	uint32_t    mode;
	uint32_t    offset;   /* of its contents in the archive */
	uint32_t    size;
};

/* Map the memory object that a handle names. Returns: 0 or an error. */
long archive_open(struct archive *archive, uint32_t memory);

/*
 * Give the file at *at, and move *at to the next one; begin with *at = 0.
 * Returns: false at the end, or if the archive is broken there.
 */
bool archive_next(const struct archive *archive, uint32_t *at,
		  struct archive_file *file);

bool archive_find(const struct archive *archive, const char *name,
		  struct archive_file *file);
