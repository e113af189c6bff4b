// SPDX-License-Identifier: MIT
/*
 * client.h - memory of the process whose call is being served
 */
#pragma once

#include "user/personality/process.h"

/*
 * Whose: 0: who is owed an answer now; a reply handle: who was put aside.
 * Returns: what it was.
 */
uint32_t client_set(uint32_t reply);

/* All or nothing that counts. Returns: 0; -EFAULT. */
long client_read(uint32_t addr, void *buf, size_t length);
long client_write(uint32_t addr, const void *buf, size_t length);

/*
 * As far as the client's pages allow. Returns: how many bytes; -EFAULT when not
 * even the first.
 */
long client_read_some(uint32_t addr, void *buf, size_t length);
long client_write_some(uint32_t addr, const void *buf, size_t length);

/* Could [addr, addr + length) be the client's, as far as numbers tell? */
bool client_range_ok(uint32_t addr, uint32_t length);

/* A path. Returns: 0; -EFAULT, -ENAMETOOLONG, -ENOENT (empty). */
long client_read_path(uint32_t addr, char path[PATH_MAX]);
