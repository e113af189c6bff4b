// SPDX-License-Identifier: MIT
/*
 * io.c - bytes in and out, and what can be done to a descriptor
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/linux.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"

#define CHUNK     4096u
#define IOV_MAX   1024u
#define LENGTH_MAX 0x7ffff000u    /* as Linux cuts it */

static char chunk[CHUNK];

long client_read(uint32_t addr, void *buf, size_t length)
{
	long err = pg_call(PG_CALLER_READ, 0, (long)addr, (long)buf,
			   (long)length, 0);

	return err < 0 ? -EFAULT : 0;
}

long client_write(uint32_t addr, const void *buf, size_t length)
{
	long err = pg_call(PG_CALLER_WRITE, 0, (long)addr, (long)buf,
			   (long)length, 0);

	return err < 0 ? -EFAULT : 0;
}

static long read_console(uint32_t addr, uint32_t length)
{
	long n = console_read(chunk, MIN(length, CHUNK));

	if (n > 0 && client_write(addr, chunk, (size_t)n))
		return -EFAULT;
	return n;
}

static long read_file(struct open_file *file, uint32_t addr, uint32_t length)
{
	uint32_t done = 0;

	while (done < length) {
		long n = file_read(file->node.number, file->offset, chunk,
				   MIN(length - done, CHUNK));

		if (n > 0 && client_write(addr + done, chunk, (size_t)n))
			n = -EFAULT;
		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break;
		file->offset += (uint32_t)n;
		done += (uint32_t)n;
	}
	return (long)done;
}

long call_read(struct process *process, const uint32_t *arg)
{
	struct open_file *file = process_file(process, arg[0]);
	uint32_t length = MIN(arg[2], LENGTH_MAX);

	if (!file)
		return -EBADF;
	if (!length)
		return 0;
	switch (file->node.kind) {
	case NODE_CONSOLE:
		return read_console(arg[1], length);
	case NODE_FILE:
		return read_file(file, arg[1], length);
	default:
		return -EISDIR;
	}
}

static long write_console(uint32_t addr, uint32_t length)
{
	uint32_t done = 0;

	while (done < length) {
		uint32_t n = MIN(length - done, CHUNK);

		if (client_read(addr + done, chunk, n))
			return done ? (long)done : -EFAULT;
		console_write(chunk, n);
		done += n;
	}
	return (long)done;
}

long call_write(struct process *process, const uint32_t *arg)
{
	const struct open_file *file = process_file(process, arg[0]);

	if (!file || file->node.kind != NODE_CONSOLE)
		return -EBADF;
	return write_console(arg[1], MIN(arg[2], LENGTH_MAX));
}

long call_writev(struct process *process, const uint32_t *arg)
{
	const struct open_file *file = process_file(process, arg[0]);
	long done = 0;

	if (!file || file->node.kind != NODE_CONSOLE)
		return -EBADF;
	if (arg[2] > IOV_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < arg[2]; i++) {
		uint32_t part[2];       /* address, length */
		long n = client_read(arg[1] + i * sizeof(part), part,
				     sizeof(part));

		if (!n)
			n = write_console(part[0], MIN(part[1], LENGTH_MAX));
		if (n < 0)
			return done ? done : n;
		done += n;
	}
	return done;
}

long call_close(struct process *process, const uint32_t *arg)
{
	struct open_file *file = process_file(process, arg[0]);

	if (!file)
		return -EBADF;
	file->node.kind = NODE_NONE;
	return 0;
}

/* Returns: the new offset. */
static long seek(struct process *process, uint32_t fd, int64_t offset,
		 uint32_t whence)
{
	struct open_file *file = process_file(process, fd);
	int64_t from = 0;

	if (!file)
		return -EBADF;
	if (file->node.kind == NODE_CONSOLE)
		return -ESPIPE;
	if (whence == SEEK_CUR)
		from = file->offset;
	else if (whence == SEEK_END)
		from = file->node.size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (from + offset < 0 || from + offset > INT32_MAX)
		return -EINVAL;
	file->offset = (uint32_t)(from + offset);
	return (long)file->offset;
}

long call_lseek(struct process *process, const uint32_t *arg)
{
	return seek(process, arg[0], (int32_t)arg[1], arg[2]);
}

long call_llseek(struct process *process, const uint32_t *arg)
{
	int64_t offset = (int64_t)((uint64_t)arg[1] << 32 | arg[2]);
	int64_t result;
	long at;

	if (offset > INT32_MAX || offset < INT32_MIN)
		return -EINVAL;
	at = seek(process, arg[0], offset, arg[4]);
	if (at < 0)
		return at;
	result = at;
	return client_write(arg[3], &result, sizeof(result));
}

static long duplicate(struct process *process, uint32_t fd, long to)
{
	const struct open_file *file = process_file(process, fd);

	if (!file)
		return -EBADF;
	if (to < 0)
		return to;
	if (to >= FDS_MAX)
		return -EBADF;
	process->fds[to] = *file;
	return to;
}

long call_dup(struct process *process, const uint32_t *arg)
{
	return duplicate(process, arg[0], process_new_fd(process, 0));
}

long call_dup2(struct process *process, const uint32_t *arg)
{
	return duplicate(process, arg[0], (long)MIN(arg[1], (uint32_t)FDS_MAX));
}

long call_fcntl64(struct process *process, const uint32_t *arg)
{
	if (!process_file(process, arg[0]))
		return -EBADF;
	switch (arg[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (arg[2] >= FDS_MAX)
			return -EINVAL;
		return duplicate(process, arg[0],
				 process_new_fd(process, arg[2]));
	case F_GETFD:
	case F_SETFD:
	case F_GETFL:
	case F_SETFL:
		return 0;
	default:
		return -EINVAL;
	}
}

long call_ioctl(struct process *process, const uint32_t *arg)
{
	static const struct linux_winsize size = { .rows = 24, .columns = 80 };
	static const struct linux_termios terminal = {
		.input = 0400, .output = 05, .control = 02277, .local = 0105073,
	};
	const struct open_file *file = process_file(process, arg[0]);

	if (!file)
		return -EBADF;
	if (file->node.kind != NODE_CONSOLE)
		return -ENOTTY;
	switch (arg[1]) {
	case TCGETS:
		return client_write(arg[2], &terminal, sizeof(terminal));
	case TIOCGWINSZ:
		return client_write(arg[2], &size, sizeof(size));
	default:
		return -ENOTTY;
	}
}
