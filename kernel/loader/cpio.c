// SPDX-License-Identifier: MIT
/*
 * cpio.c - walk over an archive that nobody vouches for
 *
 * WHAT     Reads one header at a time and checks each number against what is
 *          left of the archive before it is used.
 *
 * RULES of cpio
 *          C1  at <= size: headers, names and data lie within the archive
 *          C2  a name ends with the only 0 in it, where the header says so
 *          C3  once broken, nothing more is given out
 *
 * ALGORITHM  Header and name together, and the data, are padded to 4 bytes
 *          from the archive's start. The last file has the name TRAILER!!!.
 *
 * COST     O(files before it) for a search: archives here have a dozen.
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

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool field_read(const uint8_t *text, uint32_t *value)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < FIELD_SIZE; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		n = n << 4 | (uint32_t)digit;
	}
	*value = n;
	return true;
}

/* Returns: what is wrong, or NULL and the numbers. */
static const char *header_read(const struct cpio *cpio,
			       uint32_t fields[NR_FIELDS])
{
	const uint8_t *header = cpio->data + cpio->at;

	if (cpio->size - cpio->at < HEADER_SIZE)
		return "ends without a trailer";
	if (memcmp(header, MAGIC, MAGIC_SIZE))
		return "not cpio's newc format";
	for (unsigned i = 0; i < NR_FIELDS; i++)
		if (!field_read(header + MAGIC_SIZE + i * FIELD_SIZE,
				&fields[i]))
			return "a header has something else than hex digits";
	return NULL;
}

/* C2. */
static bool name_is_sound(const char *name, uint32_t size)
{
	return size > 1 && size <= CPIO_NAME_MAX &&
	       strnlen(name, size) == size - 1;
}

static const char *name_without_root(const char *name)
{
	if (name[0] == '.' && name[1] == '/')
		name++;
	while (name[0] == '/')
		name++;
	return name;
}

/* Sums in 64 bits cannot wrap. */
static const char *file_read(struct cpio *cpio, struct cpio_file *file)
{
	uint32_t fields[NR_FIELDS];
	const char *wrong = header_read(cpio, fields);
	uint64_t name_at = cpio->at + HEADER_SIZE;
	uint64_t data_at, end;

	if (wrong)
		return wrong;
	if (name_at + fields[NAMESIZE] > cpio->size)
		return "a name lies beyond the end";
	file->name = (const char *)cpio->data + name_at;
	if (!name_is_sound(file->name, fields[NAMESIZE]))
		return "a name is too long or not ended";
	data_at = ALIGN_UP(name_at + fields[NAMESIZE], 4);
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
	cpio->data = data;
	cpio->size = size;
	cpio->at = 0;
	cpio->ended = false;
	cpio->broken = NULL;
}

bool cpio_next(struct cpio *cpio, struct cpio_file *file)
{
	if (cpio->broken || cpio->ended)
		return false;
	cpio->broken = file_read(cpio, file);
	if (cpio->broken)
		return false;
	cpio->ended = !strcmp(file->name, TRAILER);
	if (cpio->ended)
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
