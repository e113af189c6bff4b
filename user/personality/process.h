// SPDX-License-Identifier: MIT
/*
 * process.h - what the personality server remembers of its clients
 *
 * WHAT     A table of open files for each process, and what can be opened: the
 *          console and the files and folders of the boot archive.
 */
#pragma once

#include "user/lib/files.h"

#define FDS_MAX   32
#define PATH_MAX  256

enum node_kind { NODE_NONE, NODE_CONSOLE, NODE_FILE, NODE_FOLDER };

/* Something that a path names. */
struct node {
	enum node_kind kind;
	uint32_t       number;          /* FILE: the file server's           */
	uint32_t       size;
	uint32_t       mode;
	char           path[FILE_NAME_MAX];  /* FOLDER: "a/b"            */
};

struct open_file {
	struct node node;
	uint32_t    offset;             /* FOLDER: index of the next entry   */
};

struct process {
	uint32_t         pid;           /* 0: unused                         */
	struct open_file fds[FDS_MAX];
};

/*
 * The process of a pid. One that is seen for the first time begins as a copy
 * of its parent, or with 0, 1, 2 on the console. NULL: too many.
 */
struct process *process_get(uint32_t pid);

/* It has ended: its number may come again, and then means another one. */
void process_forget(uint32_t pid);

/* NULL: not open. */
struct open_file *process_file(struct process *process, uint32_t fd);

/* The lowest unused descriptor >= from. Returns: it, or -EMFILE. */
long process_new_fd(struct process *process, uint32_t from);

/* What a path names, seen from the root. Returns: 0, -ENOENT, -ENOTDIR. */
long node_find(const char *path, struct node *node);

/*
 * The i-th entry of a folder, "." and ".." first.
 * Returns: 0 and its last name; -ENOENT at the end.
 */
long node_entry(const struct node *folder, uint32_t i, char *name,
		struct node *node);
