// SPDX-License-Identifier: MIT
/*
 * process.c - open files of each process, and the tree of names
 *
 * WHAT     The kernel says in each message whose call it is, and when a process
 *          has ended. A table is made at the first call, from the parent's if
 *          there is one, and thrown away at the end.
 *
 * PICTURE    path "/tests/fork"  -->  "tests/fork"  -->  archive: "tests/fork"
 *            folder "tests"      -->  all names that begin with "tests/"
 *
 * INVARIANTS  R1  each pid has one table
 * HANDLES  HANDLE_SERVER_OWN: the system, to read: who is whose parent.
 * NOT HERE A parent's files as they are at the fork: a child gets them as they
 *          are at its own first call.
 */
#include "user/personality/process.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/tasks.h"
#include "user/personality/abi.h"

#define SYSTEM         HANDLE_SERVER_OWN
#define PROCESSES_MAX  64

static struct process processes[PROCESSES_MAX];
static struct file_info *list;
static uint32_t list_count;

static struct process *find(uint32_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
	}
	return NULL;
}

void process_forget(uint32_t pid)
{
	struct process *process = find(pid);

	if (process)
		process->pid = 0;
}

static void use_console(struct process *process)
{
	memset(process->fds, 0, sizeof(process->fds));
	for (int fd = 0; fd < 3; fd++)
		process->fds[fd].node = (struct node){
			.kind = NODE_CONSOLE, .mode = S_IFCHR | 0620,
		};
}

struct process *process_get(uint32_t pid)
{
	struct process *process = find(pid);
	struct process *parent = NULL;
	struct pg_task info;

	if (process)
		return process;
	process = find(0);
	if (!process)
		return NULL;
	if (task_info(SYSTEM, pid, &info) >= 0 && info.pid == pid)
		parent = find(info.parent);
	if (parent)
		*process = *parent;
	else
		use_console(process);
	process->pid = pid;
	return process;
}

struct open_file *process_file(struct process *process, uint32_t fd)
{
	if (fd >= FDS_MAX || process->fds[fd].node.kind == NODE_NONE)
		return NULL;
	return &process->fds[fd];
}

long process_new_fd(struct process *process, uint32_t from)
{
	for (uint32_t fd = from; fd < FDS_MAX; fd++) {
		if (process->fds[fd].node.kind == NODE_NONE)
			return (long)fd;
	}
	return -EMFILE;
}

/* "//a/./b/" -> "a/b", "a/.." -> "". Returns: 0, -ENOENT (too long). */
static long normalize(const char *path, char out[FILE_NAME_MAX])
{
	size_t used = 0;

	while (*path) {
		size_t length = 0;

		while (path[length] && path[length] != '/')
			length++;
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used && out[--used] != '/')
				;
		} else if (length && !(length == 1 && path[0] == '.')) {
			if (used + length + 2 > FILE_NAME_MAX)
				return -ENOENT;
			if (used)
				out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length;
		while (*path == '/')
			path++;
	}
	out[used] = '\0';
	return 0;
}

static void make_folder(const char *path, struct node *node)
{
	*node = (struct node){ .kind = NODE_FOLDER, .mode = S_IFDIR | 0755 };
	strscpy(node->path, path, sizeof(node->path));
}

static void make_node(const struct file_info *info, struct node *node)
{
	if ((info->mode & MODE_TYPE) == MODE_FOLDER) {
		make_folder(info->name, node);
		return;
	}
	*node = (struct node){ .kind = NODE_FILE, .number = info->number,
			       .size = info->size, .mode = info->mode };
}

static long read_list(void)
{
	size_t length;
	long n;

	if (list)
		return 0;
	n = file_list(&list, &length);
	if (n < 0)
		return n;
	list_count = (uint32_t)n;
	return 0;
}

long node_find(const char *path, struct node *node)
{
	char name[FILE_NAME_MAX];
	long err = normalize(path, name);

	if (!err)
		err = read_list();
	if (err)
		return err;
	if (!name[0]) {
		make_folder("", node);
		return 0;
	}
	if (!strcmp(name, "dev/tty") || !strcmp(name, "dev/console")) {
		*node = (struct node){ .kind = NODE_CONSOLE,
				       .mode = S_IFCHR | 0620 };
		return 0;
	}
	for (uint32_t i = 0; i < list_count; i++) {
		if (!strcmp(list[i].name, name)) {
			make_node(&list[i], node);
			return 0;
		}
	}
	return -ENOENT;
}

/* The part of an entry's name below the folder; NULL: not directly in it. */
static const char *name_in(const struct node *folder, const char *name)
{
	size_t length = strlen(folder->path);

	if (length) {
		if (strncmp(name, folder->path, length) || name[length] != '/')
			return NULL;
		name += length + 1;
	}
	return strchr(name, '/') ? NULL : name;
}

long node_entry(const struct node *folder, uint32_t i, char *name,
		struct node *node)
{
	long err = read_list();

	if (err)
		return err;
	if (i < 2) {
		strscpy(name, i ? ".." : ".", FILE_NAME_MAX);
		make_folder(folder->path, node);
		return 0;
	}
	for (uint32_t n = 0, found = 2; n < list_count; n++) {
		const char *last = name_in(folder, list[n].name);

		if (!last || found++ < i)
			continue;
		strscpy(name, last, FILE_NAME_MAX);
		make_node(&list[n], node);
		return 0;
	}
	return -ENOENT;
}
