// SPDX-License-Identifier: MIT
/*
 * fds.c - what can be done to a descriptor
 *
 * SEE      dup(2), fcntl(2), mmap(2); Linux fs/fcntl.c, mm/mmap.c.
 */
#include "lib/errno.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"

/* Flags of an open file that F_SETFL can change. */
#define FLAGS_SETTABLE  (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

#define PAGE       4096u
#define USER_SIZE  0xc0000000u
#define MAP_TYPE   0x0fu
#define MAP_SHARED_VALIDATE  0x03u

long call_close(struct process *process, const uint32_t *arg)
{
	if (!process_file(process, arg[0]))
		return -EBADF;
	process_close_fd(process, arg[0]);
	return 0;
}

/* Duplicate fd as the lowest unused descriptor >= from. */
static long duplicate(struct process *process, uint32_t fd, uint32_t from,
		      bool cloexec)
{
	struct open_file *file = process_file(process, fd);
	long to;

	if (!file)
		return -EBADF;
	to = process_new_fd(process, from);
	if (to >= 0)
		process_set_fd(process, (uint32_t)to, file, cloexec);
	return to;
}

long call_dup(struct process *process, const uint32_t *arg)
{
	return duplicate(process, arg[0], 0, false);
}

static long duplicate_to(struct process *process, uint32_t fd, uint32_t to,
			 bool cloexec)
{
	struct open_file *file = process_file(process, fd);

	if (!file || to >= FDS_MAX)
		return -EBADF;
	process_set_fd(process, to, file, cloexec);
	return (long)to;
}

long call_dup2(struct process *process, const uint32_t *arg)
{
	if (arg[0] == arg[1])
		return process_file(process, arg[0]) ? (long)arg[1] : -EBADF;
	return duplicate_to(process, arg[0], arg[1], false);
}

long call_dup3(struct process *process, const uint32_t *arg)
{
	if ((arg[2] & ~O_CLOEXEC) || arg[0] == arg[1])
		return -EINVAL;
	return duplicate_to(process, arg[0], arg[1], arg[2] & O_CLOEXEC);
}

long call_fcntl(struct process *process, const uint32_t *arg)
{
	struct open_file *file = process_file(process, arg[0]);

	if (!file)
		return -EBADF;
	/* O_PATH opens no file: there is only a descriptor. */
	if ((file->flags & O_PATH) && arg[1] == F_SETFL)
		return -EBADF;
	switch (arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg[2] >= FDS_MAX)
			return -EINVAL;
		return duplicate(process, arg[0], arg[2],
				 arg[1] == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return process->fds[arg[0]].cloexec ? (long)FD_CLOEXEC : 0;
	case F_SETFD:
		process->fds[arg[0]].cloexec = arg[2] & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return (long)file->flags;
	case F_SETFL:
		file->flags &= ~FLAGS_SETTABLE;
		file->flags |= arg[2] & FLAGS_SETTABLE;
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- mmap2 of a file ----------------------------------------------------- */

static long check_range(const uint32_t *arg)
{
	uint32_t addr = arg[0], length = arg[1], flags = arg[3];
	uint32_t pages = length / PAGE + !!(length % PAGE);

	if (!length)
		return -EINVAL;
	if (length > USER_SIZE)
		return -ENOMEM;
	if (arg[5] + pages < arg[5])
		return -EOVERFLOW;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && addr % PAGE)
		return -EINVAL;
	if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) &&
	    addr > USER_SIZE - length)
		return -ENOMEM;
	return 0;
}

/*
 * Our files cannot be mapped: -ENODEV, as for a file system without mmap().
 * Other errors come first, in Linux's order.
 */
long call_mmap2(struct process *process, const uint32_t *arg)
{
	const struct open_file *file = process_file(process, arg[4]);
	uint32_t type = arg[3] & MAP_TYPE;
	uint32_t access;
	long err;

	if (!file || (file->flags & O_PATH))
		return -EBADF;
	err = check_range(arg);
	if (err)
		return err;
	access = file->flags & O_ACCMODE;
	if (type != MAP_SHARED && type != MAP_PRIVATE &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type != MAP_PRIVATE && (arg[2] & PROT_WRITE) && access != O_RDWR)
		return -EACCES;
	if (access != O_RDONLY && access != O_RDWR)
		return -EACCES;
	return -ENODEV;
}
