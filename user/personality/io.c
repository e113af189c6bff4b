// SPDX-License-Identifier: MIT
/*
 * io.c - bytes in and out
 *
 * WHAT     read() and write() are readv() and writev() of one part.
 *
 * ALGORITHM  The arguments are checked before the first byte moves, in Linux's
 *          order. After that, a part that cannot be used ends the call. The
 *          bytes that moved before count, and the position moves with them.
 * SEE      Linux fs/read_write.c, lib/iov_iter.c __import_iovec().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/personality/abi.h"
#include "user/personality/calls.h"
#include "user/personality/client.h"
#include "user/personality/tty.h"

#define CHUNK       4096u
#define IOV_MAX     1024u
#define LENGTH_MAX  0x7ffff000u    /* Linux cuts longer lengths to this */

static char chunk[CHUNK];
static struct part parts[IOV_MAX];

/* ---- arguments ----------------------------------------------------------- */

/* Make parts[0] of a plain buffer. */
static long import_buffer(uint32_t addr, uint32_t length)
{
	if (!client_range_ok(addr, length))
		return -EFAULT;
	if ((int32_t)length < 0)
		return -EINVAL;
	parts[0] = (struct part){ addr, MIN(length, LENGTH_MAX) };
	return 0;
}

/* Read the client's list of parts; cut them to LENGTH_MAX in total. */
static long import_parts(uint32_t addr, uint32_t nr)
{
	uint32_t room = LENGTH_MAX;

	if (nr > IOV_MAX)
		return -EINVAL;
	if (nr && client_read(addr, parts, nr * sizeof(parts[0])))
		return -EFAULT;
	for (uint32_t i = 0; i < nr; i++) {
		if ((int32_t)parts[i].length < 0)
			return -EINVAL;
	}
	for (uint32_t i = 0; i < nr; i++) {
		if (!client_range_ok(parts[i].addr, parts[i].length))
			return -EFAULT;
		parts[i].length = MIN(parts[i].length, room);
		room -= parts[i].length;
	}
	return 0;
}

static struct open_file *file_for(struct process *process, uint32_t fd,
				  uint32_t access)
{
	struct open_file *file = process_file(process, fd);

	if (!file || (file->flags & O_PATH))
		return NULL;
	if ((file->flags & O_ACCMODE) != access &&
	    (file->flags & O_ACCMODE) != O_RDWR)
		return NULL;
	return file;
}

/* ---- reading ------------------------------------------------------------- */

/* Returns: how many bytes; fewer than the part has: the file has ended. */
static long read_part(struct open_file *file, const struct part *part)
{
	uint32_t done = 0;

	while (done < part->length && file->offset < file->node.size) {
		uint32_t want = MIN(part->length - done, CHUNK);
		long n = file_read(file->node.number, (uint32_t)file->offset,
				   chunk, want);

		if (n > 0)
			n = client_write_some(part->addr + done, chunk,
					      (size_t)n);
		if (n <= 0)
			return done ? (long)done : n;
		file->offset += n;
		done += (uint32_t)n;
	}
	return (long)done;
}

static long each_part(struct open_file *file, uint32_t nr,
		      long (*move)(struct open_file *file,
				   const struct part *part))
{
	long done = 0;

	for (uint32_t i = 0; i < nr; i++) {
		long n = move(file, &parts[i]);

		if (n < 0)
			return done ? done : n;
		done += n;
		if ((uint32_t)n < parts[i].length)
			break;
	}
	return done;
}

static long read_parts(const struct process *process, struct open_file *file,
		       uint32_t nr)
{
	switch (file->node.kind) {
	case NODE_CONSOLE:
		return tty_read(process->pid, parts, nr,
				file->flags & O_NONBLOCK);
	case NODE_FILE:
		return each_part(file, nr, read_part);
	default:
		return -EISDIR;
	}
}

long call_read(struct process *process, const uint32_t *arg)
{
	struct open_file *file = file_for(process, arg[0], O_RDONLY);
	long err = file ? import_buffer(arg[1], arg[2]) : -EBADF;

	return err ? err : read_parts(process, file, 1);
}

long call_readv(struct process *process, const uint32_t *arg)
{
	struct open_file *file = file_for(process, arg[0], O_RDONLY);
	long err = file ? import_parts(arg[1], arg[2]) : -EBADF;

	return err || !arg[2] ? err : read_parts(process, file, arg[2]);
}

/* ---- writing: only to the console ---------------------------------------- */

static long write_part(struct open_file *file, const struct part *part)
{
	uint32_t done = 0;

	while (done < part->length) {
		uint32_t want = MIN(part->length - done, CHUNK);
		long n = client_read_some(part->addr + done, chunk, want);

		if (n < 0)
			return done ? (long)done : n;
		console_write(chunk, (size_t)n);
		done += (uint32_t)n;
		if ((uint32_t)n < want)
			break;
	}
	return (long)done;
}

long call_write(struct process *process, const uint32_t *arg)
{
	struct open_file *file = file_for(process, arg[0], O_WRONLY);
	long err = file ? import_buffer(arg[1], arg[2]) : -EBADF;

	return err ? err : each_part(file, 1, write_part);
}

long call_writev(struct process *process, const uint32_t *arg)
{
	struct open_file *file = file_for(process, arg[0], O_WRONLY);
	long err = file ? import_parts(arg[1], arg[2]) : -EBADF;

	return err ? err : each_part(file, arg[2], write_part);
}

/* ---- positions ----------------------------------------------------------- */

/* Returns: 0 and the new position; an error. */
static long seek_target(const struct open_file *file, int64_t offset,
			uint32_t whence, int64_t *target)
{
	int64_t size = file->node.size, from = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		from = file->offset;
		break;
	case SEEK_END:
		from = size;
		break;
	case SEEK_DATA:   /* a whole file is data; a hole begins at its end */
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		*target = whence == SEEK_DATA ? offset : size;
		return 0;
	default:
		return -EINVAL;
	}
	if (from > INT64_MAX - MAX(offset, 0) || from + offset < 0)
		return -EINVAL;
	*target = from + offset;
	return 0;
}

static long seek(struct process *process, uint32_t fd, int64_t offset,
		 uint32_t whence, int64_t *target)
{
	struct open_file *file = process_file(process, fd);
	long err;

	if (!file || (file->flags & O_PATH))
		return -EBADF;
	if (whence > SEEK_HOLE)
		return -EINVAL;
	if (file->node.kind == NODE_CONSOLE)
		return -ESPIPE;
	err = seek_target(file, offset, whence, target);
	if (!err)
		file->offset = *target;
	return err;
}

long call_lseek(struct process *process, const uint32_t *arg)
{
	int64_t target;
	long err = seek(process, arg[0], (int32_t)arg[1], arg[2], &target);

	if (err)
		return err;
	return target > INT32_MAX ? -EOVERFLOW : (long)target;
}

long call_llseek(struct process *process, const uint32_t *arg)
{
	int64_t offset = (int64_t)((uint64_t)arg[1] << 32 | arg[2]);
	int64_t target;
	long err = seek(process, arg[0], offset, arg[4], &target);

	return err ? err : client_write(arg[3], &target, sizeof(target));
}

long call_ioctl(struct process *process, const uint32_t *arg)
{
	static const struct linux_winsize size = { .rows = 24, .columns = 80 };
	static const struct linux_termios terminal = {
		.input = 0400, .output = 05, .control = 02277, .local = 0105073,
	};
	const struct open_file *file = process_file(process, arg[0]);

	if (!file || (file->flags & O_PATH))
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
