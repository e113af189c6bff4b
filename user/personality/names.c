// SPDX-License-Identifier: MIT
/*
 * names.c - what paths name: open, stat, folders
 *
 * NOT HERE a current folder other than the root; links; permissions: everything
 *          may be read, nothing written.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"

#define BLOCK  512u

/* Text of the client, byte by byte over a page's end. 0, -EFAULT, -ENOENT. */
static long read_path(uint32_t addr, char path[PATH_MAX])
{
	for (uint32_t i = 0; i < PATH_MAX; ) {
		uint32_t to_end = 64 - ((addr + i) & 63);
		uint32_t n = MIN(to_end, PATH_MAX - i);

		if (client_read(addr + i, path + i, n))
			return -EFAULT;
		if (strnlen(path + i, n) < n)
			return 0;
		i += n;
	}
	return -ENOENT;
}

/* A path as openat() and its like see it: below an open folder, or the root. */
static long find_at(struct process *process, uint32_t fd, uint32_t path_addr,
		    struct node *node)
{
	const struct open_file *file = process_file(process, fd);
	char path[FILE_NAME_MAX + 1 + PATH_MAX];
	char *rest = path;
	char *name = path + FILE_NAME_MAX + 1;
	long err = read_path(path_addr, name);

	if (err)
		return err;
	if (!name[0])
		return -ENOENT;
	if (name[0] == '/' || !file)
		return node_find(name, node);
	if (file->node.kind != NODE_FOLDER)
		return -ENOTDIR;
	rest += strscpy(path, file->node.path, FILE_NAME_MAX);
	*rest++ = '/';
	memmove(rest, name, strlen(name) + 1);
	return node_find(path, node);
}

static long open_at(struct process *process, uint32_t at, uint32_t path,
		    uint32_t flags)
{
	struct node node;
	long err = find_at(process, at, path, &node);
	long fd;

	if (err == -ENOENT && (flags & O_CREAT))
		return -EROFS;
	if (err)
		return err;
	if ((flags & O_DIRECTORY) && node.kind != NODE_FOLDER)
		return -ENOTDIR;
	if ((flags & O_ACCMODE) && node.kind != NODE_CONSOLE)
		return node.kind == NODE_FOLDER ? -EISDIR : -EROFS;
	fd = process_new_fd(process, 0);
	if (fd >= 0)
		process->fds[fd] = (struct open_file){ .node = node };
	return fd;
}

long call_open(struct process *process, const uint32_t *arg)
{
	return open_at(process, FDS_MAX, arg[0], arg[1]);
}

long call_openat(struct process *process, const uint32_t *arg)
{
	return open_at(process, arg[0], arg[1], arg[2]);
}

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

long call_stat64(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err = find_at(process, FDS_MAX, arg[0], &node);

	return err ? err : put_stat64(&node, arg[1]);
}

long call_fstat64(struct process *process, const uint32_t *arg)
{
	const struct open_file *file = process_file(process, arg[0]);

	return file ? put_stat64(&file->node, arg[1]) : -EBADF;
}

/* With AT_EMPTY_PATH and an empty path, the descriptor itself is meant. */
static long find_or_self(struct process *process, uint32_t fd, uint32_t path,
			 uint32_t flags, struct node *node)
{
	const struct open_file *file = process_file(process, fd);
	char first;

	if (flags & AT_EMPTY_PATH) {
		if (client_read(path, &first, 1))
			return -EFAULT;
		if (!first && !file)
			return -EBADF;
		if (!first) {
			*node = file->node;
			return 0;
		}
	}
	return find_at(process, fd, path, node);
}

long call_fstatat64(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err = find_or_self(process, arg[0], arg[1], arg[3], &node);

	return err ? err : put_stat64(&node, arg[2]);
}

long call_statx(struct process *process, const uint32_t *arg)
{
	struct node node;
	long err = find_or_self(process, arg[0], arg[1], arg[2], &node);
	struct linux_statx stat = {
		.mask = STATX_BASIC_STATS, .blksize = 4096, .nlink = 1,
		.dev_major = 1,
	};

	if (err)
		return err;
	stat.mode = (uint16_t)node.mode;
	stat.ino = inode(&node);
	stat.size = node.size;
	stat.blocks = DIV_ROUND_UP(node.size, BLOCK);
	return client_write(arg[4], &stat, sizeof(stat));
}

long call_access(struct process *process, const uint32_t *arg)
{
	struct node node;

	return find_at(process, FDS_MAX, arg[0], &node);
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

	if (!file)
		return -EBADF;
	if (file->node.kind != NODE_FOLDER)
		return -ENOTDIR;
	while (!node_entry(&file->node, file->offset, out.entry.name, &node)) {
		size_t length = ALIGN_UP(sizeof(out.entry) +
					 strlen(out.entry.name) + 1,
					 (size_t)8);

		if (used + length > arg[2])
			return used ? (long)used : -EINVAL;
		out.entry.ino = inode(&node);
		out.entry.offset = ++file->offset;
		out.entry.length = (uint16_t)length;
		out.entry.type = entry_type(&node);
		if (client_write(arg[1] + used, &out, length))
			return -EFAULT;
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
