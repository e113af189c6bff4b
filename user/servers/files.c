// SPDX-License-Identifier: MIT
/*
 * files.c - the file server over the boot archive
 *
 * WHAT     The archive is mapped into this task, read-only, and is never
 *          copied as a whole. A file's number is its place in the archive, so
 *          the server remembers nothing about its clients.
 *
 * PICTURE    READ number, offset, length
 *               archive:  [header|name|ddddddddddd|header| ...]
 *                                      |copy|
 *               pages:                 [    ]  --> given to the client
 *
 * HANDLES  1: the name server; 2: its endpoint, "files"; 3: the archive.
 * NOT HERE descriptors and folders as Linux has them (user/personality/).
 * SEE      user/lib/protocol.h for the messages.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/archive.h"
#include "user/lib/linux.h"
#include "user/lib/protocol.h"
#include "user/lib/start.h"

#define ARCHIVE    HANDLE_SERVER_OWN
#define FILES_MAX  256
#define PATH_PAGES 4096u        /* bytes: the page with a path                */

static struct archive archive;
static struct archive_file files[FILES_MAX];
static uint32_t nr_files;

static void read_archive(void)
{
	uint32_t at = 0;

	while (nr_files < FILES_MAX &&
	       archive_next(&archive, &at, &files[nr_files]))
		nr_files++;
}

static long describe(uint32_t number, struct words *words)
{
	if (number >= nr_files)
		return -ENOENT;
	words->w[1] = number;
	words->w[2] = files[number].size;
	words->w[3] = files[number].mode;
	return 0;
}

/* The client can still change the page with the path: copy it first. */
static long do_open(long received, struct words *words)
{
	char path[FILE_NAME_MAX];
	const char *name = path;
	size_t length;
	const char *pages = ipc_pages(received, &length);

	if (!pages)
		return -EINVAL;
	memcpy(path, pages, MIN(length, sizeof(path)));
	path[sizeof(path) - 1] = '\0';
	while (*name == '/')
		name++;
	for (uint32_t i = 0; i < nr_files; i++) {
		if (!strcmp(files[i].name, name))
			return describe(i, words);
	}
	return -ENOENT;
}

static long do_read(const struct words *words)
{
	uint32_t number = words->w[1];
	uint32_t offset = words->w[2];
	uint32_t length = MIN(words->w[3], FILES_READ_MAX);
	const struct archive_file *file;
	char *pages;

	if (number >= nr_files)
		return -ENOENT;
	file = &files[number];
	if (offset >= file->size || !length)
		return 0;
	length = MIN(length, file->size - offset);
	pages = pages_alloc(length);
	if (!pages)
		return -ENOMEM;
	memcpy(pages, archive.data + file->offset + offset, length);
	ipc_attach_pages(pages, length, PROT_READ | PROT_WRITE, true);
	return (long)length;
}

static long do_list(void)
{
	size_t length = nr_files * sizeof(struct file_info);
	struct file_info *info = pages_alloc(length);

	if (!info)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_files; i++) {
		info[i].number = i;
		info[i].size = files[i].size;
		info[i].mode = files[i].mode;
		strscpy(info[i].name, files[i].name, FILE_NAME_MAX);
	}
	ipc_attach_pages(info, length, PROT_READ | PROT_WRITE, true);
	return (long)nr_files;
}

static long do_image(long received, struct words *words)
{
	uint32_t number = words->w[1];

	if ((received & BADGE_MAX) != FILES_STARTER)
		return -EPERM;
	if (number >= nr_files)
		return -ENOENT;
	words->w[1] = files[number].offset;
	words->w[2] = files[number].size;
	ipc_attach_handle(ARCHIVE, RIGHT_READ | RIGHT_TRANSFER | RIGHT_DUP);
	return 0;
}

static long serve(long received, struct words *words)
{
	switch (words->w[0]) {
	case FILES_OPEN:
		return do_open(received, words);
	case FILES_READ:
		return do_read(words);
	case FILES_LIST:
		return do_list();
	case FILES_IMAGE:
		return do_image(received, words);
	default:
		return -ENOSYS;
	}
}

static void loop(void)
{
	struct words words;
	long received = ipc_receive(HANDLE_ENDPOINT, &words);

	while (received >= 0) {
		words.w[0] = (uint32_t)serve(received, &words);
		ipc_drop(received);
		received = ipc_serve(HANDLE_ENDPOINT, &words);
	}
}

int main(int argc, char **argv, char **envp)
{
	ipc_accept_pages(PATH_PAGES);
	if (archive_open(&archive, ARCHIVE) < 0)
		return 1;
	read_archive();
	loop();
	return 1;
}
