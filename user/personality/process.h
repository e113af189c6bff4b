// SPDX-License-Identifier: MIT
/*
 * process.h - what the personality server remembers about its clients
 *
 * WHAT     A table of descriptors for each process; open files, to which
 *          descriptors lead; and what can be opened: the console and the files
 *          and folders of the boot archive.
 *
 * PICTURE    process 7   fd 0 ---+--> open file: console, O_RDWR
 *                        fd 3 -+ |
 *                              | |
 *            its child   fd 0 -|-+
 *                        fd 3 -+----> open file: "welcome" at offset 12
 *                        fd 4 ------> open file: "welcome" at offset 0
 *
 * TERMS    open file   open() makes it, dup() and fork() share it: a position
 *                      in a file, and how the file may be used
 *          descriptor  a number, and whether exec would close it
 */
#pragma once

#include "user/lib/files.h"

#define FDS_MAX   256
#define PATH_MAX  4096
#define NAME_MAX  255

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
	uint32_t    refs;               /* descriptors that lead here        */
	struct node node;
	uint32_t    flags;              /* O_*, as F_GETFL tells them        */
	int64_t     offset;             /* FOLDER: index of the next entry   */
};

struct descriptor {
	struct open_file *file;         /* NULL: not open                    */
	bool              cloexec;
};

struct process {
	struct process   *next;
	uint32_t          pid;
	struct descriptor fds[FDS_MAX];
};

/*
 * A process begins: with its parent's descriptors as they are now, or with
 * 0, 1, 2 on the console. Without memory it gets no table, and its calls fail.
 */
void process_begin(uint32_t pid, uint32_t parent);

/* A process has ended. Later another process may have the same pid. */
void process_end(uint32_t pid);

/* NULL: there is no process with this pid. */
struct process *process_find(uint32_t pid);

/* ---- descriptors ------------------------------------------------------- */

/* NULL: not open. */
struct open_file *process_file(struct process *process, uint32_t fd);

/* Returns: the lowest unused descriptor >= from, or -EMFILE. */
long process_new_fd(struct process *process, uint32_t from);

/* A new open file; no descriptor leads to it yet. NULL: no memory. */
struct open_file *open_file_create(const struct node *node, uint32_t flags);

/* Let fd lead to the file. First fd is closed, if it is open. */
void process_set_fd(struct process *process, uint32_t fd,
		    struct open_file *file, bool cloexec);
void process_close_fd(struct process *process, uint32_t fd);
