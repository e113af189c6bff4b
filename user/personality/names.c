// SPDX-License-Identifier: MIT
/*
 * names.c - facts about what paths name: stat, access, folders
 *
 * NOT HERE opening (open.c), the tree itself (tree.c). Times, owners: all 0.
 * SEE      stat(2), statx(2), access(2), getdents(2); Linux fs/stat.c.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"
#include "user/personality/client.h"
#include "user/personality/tree.h"

#define BLOCK  512u

static uint32_t inode(const struct node *node)
{
	return node->kind == NODE_FILE ? node->number + 2 : 1;
}

static long put_stat64(const struct node *node, uint32_t addr)
{
	struct linux_stat64 stat = {
		.dev = 1, .ino32 = inode(node), .ino = inode(node),
		.mode = node->mode, .nlink = 1, .size = node->size,
		.blksize = 4096, .blocks = DIV_ROUND_UP(node->size, BLOCK),
	};

	return client_write(addr, &stat, sizeof(stat));
}

static long find(struct process *process, uint32_t at, uint32_t addr,
		 struct node *node)
{
	static char path[PATH_MAX];
	bool parent;
	long err = client_read_path(addr, path);

	return err ? err : find_at(process, at, path, node, &parent);
}

long call_stat64(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err = find(process, (uint32_t)AT_FDCWD, arg[0], &node);

	return err ? err : put_stat64(&node, arg[1]);
}

long call_fstat64(struct process *process, const uint32_t *arg)
{
	const struct open_file *file = process_file(process, arg[0]);

	return file ? put_stat64(&file->node, arg[1]) : -EBADF;
}

/* AT_EMPTY_PATH and an empty path mean the descriptor itself. */
static long find_self(struct process *process, uint32_t fd, struct node *node)
{
	const struct open_file *file = process_file(process, fd);

	if ((int32_t)fd == AT_FDCWD) {
		tree_root(node);
		return 0;
	}
	if (!file)
		return -EBADF;
	*node = file->node;
	return 0;
}

static long find_or_self(struct process *process, uint32_t fd, uint32_t path,
			 uint32_t flags, struct node *node)
{
	char first;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
		      AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH) {
		if (client_read(path, &first, 1))
			return -EFAULT;
		if (!first)
			return find_self(process, fd, node);
	}
	return find(process, fd, path, node);
}

long call_fstatat64(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err = find_or_self(process, arg[0], arg[1], arg[3], &node);

	return err ? err : put_stat64(&node, arg[2]);
}

static long put_statx(const struct node *node, uint32_t addr)
{
	struct linux_statx stat = {
		.mask = STATX_BASIC_STATS, .blksize = 4096, .nlink = 1,
		.dev_major = 1, .mode = (uint16_t)node->mode,
		.ino = inode(node), .size = node->size,
		.blocks = DIV_ROUND_UP(node->size, BLOCK),
	};

	return client_write(addr, &stat, sizeof(stat));
}

long call_statx(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err;

	if (arg[3] & STATX_RESERVED)
		return -EINVAL;
	if ((arg[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = find_or_self(process, arg[0], arg[1], arg[2], &node);
	return err ? err : put_statx(&node, arg[4]);
}

/* Each client is root: only a read-only file and a missing x bit say no. */
long call_access(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err;

	if (arg[1] & ~ACCESS_ALL)
		return -EINVAL;
	err = find(process, (uint32_t)AT_FDCWD, arg[0], &node);
	if (err)
		return err;
	if ((arg[1] & W_OK) && node.kind != NODE_CONSOLE)
		return -EROFS;
	if ((arg[1] & X_OK) && node.kind != NODE_FOLDER &&
	    !(node.mode & 0111))
		return -EACCES;
	return 0;
}

static uint8_t entry_type(const struct node *node)
{
	return node->kind == NODE_FOLDER ? DT_DIR :
	       node->kind == NODE_CONSOLE ? DT_CHR : DT_REG;
}

long call_getdents64(struct process *process, const uint32_t *arg)
{
	struct open_file *file = process_file(process, arg[0]);
	union {
		struct linux_dirent64 entry;
		char space[sizeof(struct linux_dirent64) + FILE_NAME_MAX + 8];
	} out = { .space = "" };
	struct node node;
	uint32_t used = 0;

	if (!file || (file->flags & O_PATH))
		return -EBADF;
	if (file->node.kind != NODE_FOLDER)
		return -ENOTDIR;
	while (!tree_entry(&file->node, (uint32_t)file->offset, out.entry.name,
			   &node)) {
		size_t length = ALIGN_UP(sizeof(out.entry) +
					 strlen(out.entry.name) + 1,
					 (size_t)8);

		if (used + length > arg[2])
			return used ? (long)used : -EINVAL;
		out.entry.ino = inode(&node);
		out.entry.offset = file->offset + 1;
		out.entry.length = (uint16_t)length;
		out.entry.type = entry_type(&node);
		if (client_write(arg[1] + used, &out, length))
			return used ? (long)used : -EFAULT;
		file->offset++;
		used += length;
	}
	return (long)used;
}

long call_uname(struct process *process, const uint32_t *arg)
{
	static const struct linux_utsname name = {
		.sysname = "Pagoda", .nodename = "pagoda",
		.release = "6.1.0-pagoda", .version = "#1", .machine = "i686",
		.domain = "(none)",
	};

	return client_write(arg[0], &name, sizeof(name));
}

long call_getcwd(struct process *process, const uint32_t *arg)
{
	if (arg[1] < 2)
		return -ERANGE;
	return client_write(arg[0], "/", 2) ? -EFAULT : 2;
}

long call_zero(struct process *process, const uint32_t *arg)
{
	return 0;
}
