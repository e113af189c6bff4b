// SPDX-License-Identifier: MIT
/*
 * files.h - calls to the file server
 */
#pragma once

#include "user/lib/protocol.h"

/* Find the file server. Returns: 0 or an error. */
long files_connect(void);

/* The same, with a handle that this program already has. */
void files_use(uint32_t handle);

/* Returns: 0 and what the file is (not its name); -ENOENT. */
long file_open(const char *path, struct file_info *info);

/* Returns: how much was read; 0 at the end; an error. */
long file_read(uint32_t number, uint32_t offset, void *buf, size_t length);

/*
 * All files and folders. Returns: how many, or an error. The caller owns the
 * pages of *list: pages_free(*list, *length).
 */
long file_list(struct file_info **list, size_t *length);

/* For TASK_START: the memory object with the file. Returns: 0 or an error. */
long file_image(const char *path, uint32_t *memory, uint32_t *offset,
		uint32_t *size);
