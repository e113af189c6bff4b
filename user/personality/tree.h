// SPDX-License-Identifier: MIT
/*
 * tree.h - what paths name: the boot archive and the console, as one tree
 */
#pragma once

#include "user/personality/process.h"

/*
 * Find what a path names, seen from a folder. `*parent`: all names but the last
 * one were found, so open() could create the last one.
 * Returns: 0, -ENOENT, -ENOTDIR, -ENAMETOOLONG.
 */
long tree_find(const struct node *from, const char *path, struct node *node,
	       bool *parent);

/* The root. */
void tree_root(struct node *node);

/*
 * The i-th entry of a folder, "." and ".." first.
 * Returns: 0 and its last name; -ENOENT at the end.
 */
long tree_entry(const struct node *folder, uint32_t i, char *name,
		struct node *node);
