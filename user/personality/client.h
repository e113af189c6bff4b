// SPDX-License-Identifier: MIT
/*
 * client.h - memory of the process whose call is being served
 */
#pragma once

#include "user/personality/process.h"

/*
 * Choose the client. 0: the client that is owed an answer now; a reply handle:
 * the client that was put aside under it. Returns: the choice before.
 */
uint32_t client_set(uint32_t reply);

/* Copy all. Returns: 0; -EFAULT: not all of it can be copied. */
long client_read(uint32_t addr, void *buf, size_t length);
long client_write(uint32_t addr, const void *buf, size_t length);

/*
 * Copy as much as the client's pages allow. Returns: how many bytes; -EFAULT:
 * none.
 */
long client_read_some(uint32_t addr, void *buf, size_t length);
long client_write_some(uint32_t addr, const void *buf, size_t length);

/* Is [addr, addr + length) below the end of user space? */
bool client_range_ok(uint32_t addr, uint32_t length);

/* Read a path. Returns: 0; -EFAULT, -ENAMETOOLONG, -ENOENT (empty). */
long client_read_path(uint32_t addr, char path[PATH_MAX]);
