// SPDX-License-Identifier: MIT
/*
 * process.c - descriptors of each process, and the open files behind them
 *
 * WHAT     The kernel tells when a process begins and when it has ended. A new
 *          process gets a copy of its parent's descriptors. Both share the open
 *          files.
 *
 * RULES of process
 *          R1  each pid has one table at most
 *          R2  refs of an open file is the number of descriptors that lead
 *              to it
 * NOT HERE Tasks that share descriptors (CLONE_FILES without CLONE_THREAD): the
 *          child has a copy. Closing at exec: there is no exec.
 * SEE      kernel/uapi/pagoda.h KMSG_TASK_BEGAN; Linux fs/file.c.
 */
#include "user/personality/process.h"

#include "lib/errno.h"
#include "user/lib/malloc.h"
#include "user/personality/abi.h"

static struct process *processes;

struct process *process_find(uint32_t pid)
{
	struct process *process = processes;

	while (process && process->pid != pid)
		process = process->next;
	return process;
}

/* Three descriptors lead to one open file, as after login. */
static bool use_console(struct process *process)
{
	static const struct node console = {
		.kind = NODE_CONSOLE, .mode = S_IFCHR | 0620,
	};
	struct open_file *file = open_file_create(&console, O_RDWR);

	if (!file)
		return false;
	for (uint32_t fd = 0; fd < 3; fd++)
		process_set_fd(process, fd, file, false);
	return true;
}

static void copy_descriptors(struct process *process,
			     const struct process *parent)
{
	for (uint32_t fd = 0; fd < FDS_MAX; fd++) {
		const struct descriptor *from = &parent->fds[fd];

		if (from->file)
			process_set_fd(process, fd, from->file, from->cloexec);
	}
}

void process_begin(uint32_t pid, uint32_t parent_pid)
{
	const struct process *parent = process_find(parent_pid);
	struct process *process;

	process_end(pid);   /* R1, whatever the kernel says */
	process = calloc(1, sizeof(*process));
	if (!process)
		return;
	process->pid = pid;
	if (parent) {
		copy_descriptors(process, parent);
	} else if (!use_console(process)) {
		free(process);
		return;
	}
	process->next = processes;
	processes = process;
}

void process_end(uint32_t pid)
{
	struct process **at = &processes, *process;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	process = *at;
	if (!process)
		return;
	*at = process->next;
	for (uint32_t fd = 0; fd < FDS_MAX; fd++)
		process_close_fd(process, fd);
	free(process);
}

/* ---- descriptors --------------------------------------------------------- */

struct open_file *process_file(struct process *process, uint32_t fd)
{
	return fd < FDS_MAX ? process->fds[fd].file : NULL;
}

long process_new_fd(struct process *process, uint32_t from)
{
	for (uint32_t fd = from; fd < FDS_MAX; fd++) {
		if (!process->fds[fd].file)
			return (long)fd;
	}
	return -EMFILE;
}

struct open_file *open_file_create(const struct node *node, uint32_t flags)
{
	struct open_file *file = calloc(1, sizeof(*file));

	if (file) {
		file->node = *node;
		file->flags = flags;
	}
	return file;
}

void process_close_fd(struct process *process, uint32_t fd)
{
	struct open_file *file = process->fds[fd].file;

	process->fds[fd] = (struct descriptor){ NULL, false };
	if (file && !--file->refs)
		free(file);
}

void process_set_fd(struct process *process, uint32_t fd,
		    struct open_file *file, bool cloexec)
{
	file->refs++;
	process_close_fd(process, fd);
	process->fds[fd] = (struct descriptor){ file, cloexec };
}
