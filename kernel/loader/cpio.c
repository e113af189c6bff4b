// SPDX-License-Identifier: MIT
/*
 * cpio.c - walk over an archive that may be wrong
 *
 * WHAT     Reads one header at a time. Checks each number against the rest of
 *          the archive before the number is used.
 *
 * RULES of cpio
 *          C1  at <= size: headers, names and data lie within the archive
 *          C2  a name ends with the only 0 in it, where the header says so
 *          C3  a broken archive gives no more files
 *
 * ALGORITHM  Header and name together, and the data, are padded to 4 bytes
 *          from the archive's start. The last file has the name TRAILER!!!.
 *
 * COST     A search reads all files before the one that it looks for.
 */
#include "kernel/loader/cpio.h"

#include "lib/align.h"
#include "lib/string.h"

#define MAGIC       "070701"
#define MAGIC_SIZE  6
#define TRAILER     "TRAILER!!!"

/* The numbers of a header, in their order. */
enum field {
	INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, DEVMAJOR, DEVMINOR,
	RDEVMAJOR, RDEVMINOR, NAMESIZE, CHECK,
	NR_FIELDS
};

#define FIELD_SIZE   8
#define HEADER_SIZE  (MAGIC_SIZE + NR_FIELDS * FIELD_SIZE)

_Static_assert(HEADER_SIZE == 110, "cpio(5)");

/* Returns: the error, or NULL and the numbers. */
static const char *header_read(const struct cpio *cpio,
			       uint32_t fields[NR_FIELDS])
{
	const char *text = (const char *)cpio->data + cpio->at;

	if (cpio->size - cpio->at < HEADER_SIZE)
		return "ends without a trailer";
	if (memcmp(text, MAGIC, MAGIC_SIZE))
		return "not cpio's newc format";
	text += MAGIC_SIZE;
	for (unsigned i = 0; i < NR_FIELDS * FIELD_SIZE; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= 16)
			return "a header has something else than hex digits";
		fields[i / FIELD_SIZE] = fields[i / FIELD_SIZE] << 4 | digit;
	}
	return NULL;
}

static const char *name_without_root(const char *name)
{
	if (name[0] == '.' && name[1] == '/')
		name++;
	while (name[0] == '/')
		name++;
	return name;
}

/* C1, C2. Sums in 64 bits cannot wrap. */
static const char *file_read(struct cpio *cpio, struct cpio_file *file)
{
	uint32_t fields[NR_FIELDS] = { 0 };
	const char *wrong = header_read(cpio, fields);
	uint64_t name_at = cpio->at + HEADER_SIZE;
	uint32_t name_size = fields[NAMESIZE];
	uint64_t data_at, end;

	if (wrong)
		return wrong;
	if (name_at + name_size > cpio->size)
		return "a name lies beyond the end";
	file->name = (const char *)cpio->data + name_at;
	if (name_size < 2 || name_size > CPIO_NAME_MAX ||
	    strnlen(file->name, name_size) != name_size - 1)
		return "a name is too long or not ended";
	data_at = ALIGN_UP(name_at + name_size, 4);
	end = data_at + fields[FILESIZE];
	if (end > cpio->size)
		return "a file lies beyond the end";
	file->mode = fields[MODE];
	file->data = cpio->data + data_at;
	file->size = fields[FILESIZE];
	end = ALIGN_UP(end, 4);
	cpio->at = (size_t)MIN(end, (uint64_t)cpio->size);
	return NULL;
}

void cpio_open(struct cpio *cpio, const void *data, size_t size)
{
	*cpio = (struct cpio){ .data = data, .size = size };
}

bool cpio_next(struct cpio *cpio, struct cpio_file *file)
{
	if (cpio->broken || cpio->ended)
		return false;
	cpio->broken = file_read(cpio, file);
	cpio->ended = !cpio->broken && !strcmp(file->name, TRAILER);
	if (cpio->broken || cpio->ended)
		return false;
	file->name = name_without_root(file->name);
	return true;
}

bool cpio_find(const void *data, size_t size, const char *name,
	       struct cpio_file *file)
{
	struct cpio cpio;

	cpio_open(&cpio, data, size);
	name = name_without_root(name);
	while (cpio_next(&cpio, file))
		if ((file->mode & CPIO_MODE_TYPE) == CPIO_MODE_FILE &&
		    !strcmp(file->name, name))
			return true;
	return false;
}
