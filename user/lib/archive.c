// SPDX-License-Identifier: MIT
/*
 * archive.c - walk over cpio's newc format
 *
 * PICTURE  070701 | 13 numbers of 8 hex digits | name 0 | pad | data | pad
 *
 * RULES    no number in the archive leads to a read beyond archive->size.
 * NOT HERE the kernel's own reader, which loads init (kernel/loader/cpio.c).
 * SEE      cpio(5), "New ASCII Format".
 */
#include "user/lib/archive.h"

#include "lib/align.h"
#include "lib/string.h"

#define MAGIC       "070701"
#define TRAILER     "TRAILER!!!"
#define HEADER      110u
#define FIELD_MODE  14u      /* offsets of three of the numbers */
#define FIELD_SIZE  54u
#define FIELD_NAME  94u

static uint32_t hex8(const char *text)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++) {
		uint32_t c = (unsigned char)text[i];
		uint32_t digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		value = value << 4 | digit;
	}
	return value;
}

/* Is [from, from + length) inside? */
static bool inside(const struct archive *archive, uint32_t from,
		   uint32_t length)
{
	return from <= archive->size && length <= archive->size - from;
}

long archive_open(struct archive *archive, uint32_t memory)
{
	long size = pg_call(PG_MEMORY_SIZE, memory, 0, 0, 0, 0);
	long addr;

	if (IS_ERROR(size))
		return size;
	addr = pg_call(PG_MEMORY_MAP, memory, 0, 0, 0, 0);
	if (IS_ERROR(addr))
		return addr;
	archive->data = (const char *)addr;
	archive->size = (uint32_t)size;
	return 0;
}

bool archive_next(const struct archive *archive, uint32_t *at,
		  struct archive_file *file)
{
	const char *header = archive->data + *at;
	uint32_t name_size;

	if (!inside(archive, *at, HEADER) || memcmp(header, MAGIC, 6))
		return false;
	name_size = hex8(header + FIELD_NAME);
	file->mode = hex8(header + FIELD_MODE);
	file->size = hex8(header + FIELD_SIZE);
	file->name = header + HEADER;
	if (!name_size || !inside(archive, *at + HEADER, name_size) ||
	    file->name[name_size - 1])
		return false;
	file->offset = ALIGN_UP(*at + HEADER + name_size, 4u);
	if (!inside(archive, file->offset, file->size))
		return false;
	*at = MIN(ALIGN_UP(file->offset + file->size, 4u), archive->size);
	return strcmp(file->name, TRAILER) != 0;
}

bool archive_find(const struct archive *archive, const char *name,
		  struct archive_file *file)
{
	uint32_t at = 0;

	while (archive_next(archive, &at, file)) {
		if (!strcmp(file->name, name))
			return true;
	}
	return false;
}
