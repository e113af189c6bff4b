// SPDX-License-Identifier: MIT
/*
 * open.c - from a path to a descriptor
 *
 * ALGORITHM  Errors are found in Linux's order: the path's text, a free
 *          descriptor, the folder, the names, and last the flags that do not
 *          fit the node. Flags that Linux does not know are ignored.
 * NOT HERE permissions: each file may be read, but none can be written, because
 *          the archive is read-only. O_TMPFILE.
 * SEE      open(2); Linux fs/namei.c do_open(), open_last_lookups().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"
#include "user/personality/client.h"
#include "user/personality/tree.h"

/* Flags that F_GETFL reports later: not those that only open() uses. */
#define FLAGS_KEPT  (O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC |   \
		     O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW |      \
		     O_NOATIME | O_PATH)
#define FLAGS_OF_PATH  (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

long find_at(struct process *process, uint32_t fd, const char *path,
	     struct node *node, bool *parent)
{
	const struct open_file *file = process_file(process, fd);
	struct node from;

	*parent = false;
	tree_root(&from);
	if (path[0] != '/' && (int32_t)fd != AT_FDCWD) {
		if (!file)
			return -EBADF;
		if (file->node.kind != NODE_FOLDER)
			return -ENOTDIR;
		from = file->node;
	}
	return tree_find(&from, path, node, parent);
}

/* Does the path end with a name, not "." or "..", and a slash behind it? */
static bool ends_with_slash(const char *path)
{
	size_t start = strlen(path), length = 0;

	if (!start || path[start - 1] != '/')
		return false;
	while (start && path[start - 1] == '/')
		start--;
	for (; start && path[start - 1] != '/'; start--)
		length++;
	if (length == 1 || length == 2)
		return path[start] != '.' || path[start + length - 1] != '.';
	return length > 0;
}

/* Can this node be opened with these flags? Returns: 0 or an error. */
static long check_found(const struct node *node, uint32_t flags)
{
	bool folder = node->kind == NODE_FOLDER;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if ((flags & O_CREAT) && folder)
		return -EISDIR;
	if ((flags & O_DIRECTORY) && !folder)
		return -ENOTDIR;
	if ((flags & O_ACCMODE) && folder)
		return -EISDIR;
	if ((flags & (O_ACCMODE | O_TRUNC)) && node->kind == NODE_FILE)
		return -EROFS;
	return 0;
}

static long find_to_open(struct process *process, uint32_t at,
			 const char *path, uint32_t flags, struct node *node)
{
	bool parent;
	long err = find_at(process, at, path, node, &parent);

	if ((flags & O_CREAT) && parent && ends_with_slash(path) &&
	    (!err || err == -ENOENT || err == -ENOTDIR))
		return -EISDIR;
	if (err == -ENOENT && (flags & O_CREAT) && parent)
		return -EROFS;
	return err ? err : check_found(node, flags);
}

static long open_at(struct process *process, uint32_t at, uint32_t addr,
		    uint32_t flags)
{
	static char path[PATH_MAX];
	struct open_file *file;
	struct node node;
	long fd, err = client_read_path(addr, path);

	if (flags & O_PATH)
		flags &= FLAGS_OF_PATH;
	if (err)
		return err;
	fd = process_new_fd(process, 0);
	if (fd < 0)
		return fd;
	err = find_to_open(process, at, path, flags, &node);
	if (err)
		return err;
	file = open_file_create(&node, flags & FLAGS_KEPT);
	if (!file)
		return -ENOMEM;
	process_set_fd(process, (uint32_t)fd, file, flags & O_CLOEXEC);
	return fd;
}

long call_open(struct process *process, const uint32_t *arg)
{
	return open_at(process, (uint32_t)AT_FDCWD, arg[0], arg[1]);
}

long call_openat(struct process *process, const uint32_t *arg)
{
	return open_at(process, arg[0], arg[1], arg[2]);
}
