// SPDX-License-Identifier: MIT
/*
 * tree.c - from a path to a node
 *
 * WHAT     The archive is a flat list of names with slashes in them. A path is
 *          walked name by name, as Linux does, so that each name on the way
 *          must be a folder.
 *
 * PICTURE    path "/tests/./fork"  -->  "" -> "tests" -> "tests/fork"
 *            folder "tests"        -->  all names that begin with "tests/"
 *
 * NOT HERE links; a current folder other than the root.
 * SEE      path_resolution(7); Linux fs/namei.c link_path_walk().
 */
#include "user/personality/tree.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/personality/abi.h"

static struct file_info *list;
static uint32_t list_count;

static void make_folder(const char *path, struct node *node)
{
	*node = (struct node){ .kind = NODE_FOLDER, .mode = S_IFDIR | 0755 };
	strscpy(node->path, path, sizeof(node->path));
}

void tree_root(struct node *node)
{
	make_folder("", node);
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
	list_count = (uint32_t)MIN((size_t)n, length / sizeof(*list));
	return 0;
}

/* ---- walking ------------------------------------------------------------- */

/* Find a whole name, in the archive or among those of the console. */
static long look_up(const char *name, struct node *node)
{
	if (!strcmp(name, "dev")) {
		make_folder(name, node);
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

static void go_up(struct node *node)
{
	size_t used = strlen(node->path);

	while (used && node->path[--used] != '/')
		;
	node->path[used] = '\0';
}

/* The archive has no name that is longer than FILE_NAME_MAX: -ENOENT. */
static long go_down(struct node *node, const char *name, size_t length)
{
	char path[FILE_NAME_MAX];
	size_t used = strlen(node->path);

	if (used + 1 + length + 1 > sizeof(path))
		return -ENOENT;
	memcpy(path, node->path, used);
	if (used)
		path[used++] = '/';
	memcpy(path + used, name, length);
	path[used + length] = '\0';
	return look_up(path, node);
}

static bool is_name(const char *at, size_t length, const char *name)
{
	return length == strlen(name) && !memcmp(at, name, length);
}

static long step(struct node *node, const char *name, size_t length)
{
	if (node->kind != NODE_FOLDER)
		return -ENOTDIR;
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	if (is_name(name, length, "."))
		return 0;
	if (is_name(name, length, "..")) {
		go_up(node);
		return 0;
	}
	return go_down(node, name, length);
}

static const char *skip_slashes(const char *path)
{
	while (*path == '/')
		path++;
	return path;
}

long tree_find(const struct node *from, const char *path, struct node *node,
	       bool *parent)
{
	long err = read_list();

	*node = *from;
	if (*path == '/')
		tree_root(node);
	*parent = false;
	path = skip_slashes(path);
	while (!err && *path) {
		const char *end = strchr(path, '/');
		size_t length = end ? (size_t)(end - path) : strlen(path);

		*parent = !*skip_slashes(path + length);
		err = step(node, path, length);
		path += length;
		/* A slash can only stand behind a folder. */
		if (!err && *path && node->kind != NODE_FOLDER)
			err = -ENOTDIR;
		path = skip_slashes(path);
	}
	return err;
}

/* ---- folders ------------------------------------------------------------- */

/* The last part of a name that is directly in the folder, or NULL. */
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

long tree_entry(const struct node *folder, uint32_t i, char *name,
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
