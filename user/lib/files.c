// SPDX-License-Identifier: MIT
/*
 * files.c - asking the file server
 *
 * WHAT     A path goes to the server in a page that the server may read while
 *          it answers. Contents come back as pages that the server gives away.
 */
#include "user/lib/files.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"

#define PAGE  4096

static uint32_t files;
static char path_page[PAGE] __aligned(PAGE);

/* Contents and lists come as pages: at most so many bytes in a message. */
#define LIST_MAX  (64u << 10)
_Static_assert(LIST_MAX >= FILES_READ_MAX, "holds what a read gives");

void files_use(uint32_t handle)
{
	files = handle;
	ipc_accept_pages(LIST_MAX);
}

long files_connect(void)
{
	long handle = names_lookup("files");

	if (handle < 0)
		return handle;
	files_use((uint32_t)handle);
	return 0;
}

static long ask(struct words *words, struct file_info *info)
{
	long err = ipc_call_msg(files, words);

	if (err < 0)
		return err;
	if ((int32_t)words->w[0] < 0)
		return (int32_t)words->w[0];
	info->number = words->w[1];
	info->size = words->w[2];
	info->mode = words->w[3];
	return 0;
}

long file_open(const char *path, struct file_info *info)
{
	struct words words = { { FILES_OPEN } };

	if (strscpy(path_page, path, sizeof(path_page)) < 0)
		return -EINVAL;
	ipc_attach_pages(path_page, PAGE, PROT_READ, false);
	return ask(&words, info);
}

long file_read(uint32_t number, uint32_t offset, void *buf, size_t length)
{
	size_t want = MIN(length, (size_t)FILES_READ_MAX);
	struct words words = { { FILES_READ, number, offset, (uint32_t)want } };
	long received = ipc_call_msg(files, &words);
	long n = (int32_t)words.w[0];
	size_t came;
	void *pages;

	if (received < 0)
		return received;
	pages = ipc_pages(received, &came);
	/* The server may be wrong: check its numbers, as it checks ours. */
	if (n > 0 && (!pages || (size_t)n > MIN(came, want)))
		n = -EIO;
	if (n > 0)
		memcpy(buf, pages, (size_t)n);
	ipc_drop(received);
	return n;
}

long file_list(struct file_info **list, size_t *length)
{
	struct words words = { { FILES_LIST } };
	long received = ipc_call_msg(files, &words);

	if (received < 0)
		return received;
	*list = ipc_pages(received, length);
	if (*list && words.w[0] <= *length / sizeof(**list))
		return (long)words.w[0];
	ipc_drop(received);
	return -EIO;
}

long file_image(const char *path, uint32_t *memory, uint32_t *offset,
		uint32_t *size)
{
	struct words words = { { FILES_IMAGE } };
	struct file_info info;
	long received = file_open(path, &info);

	if (received < 0)
		return received;
	words.w[1] = info.number;
	received = ipc_call_msg(files, &words);
	if (received < 0)
		return received;
	if ((int32_t)words.w[0] < 0)
		return (int32_t)words.w[0];
	*memory = ipc_take_handle(received);
	*offset = words.w[1];
	*size = words.w[2];
	return 0;
}
