// SPDX-License-Identifier: MIT
/*
 * elf.c - what is in a program file, and whether it may run
 *
 * WHAT     Checks every number of the file before the number is used. The
 *          result is a list of segments that can be mapped without more checks.
 *
 * PICTURE    file                             memory
 *            +--------------+
 *            | ELF header   |--- phoff --+
 *            +--------------+            |
 *            | program      | <----------+
 *            | headers      |
 *            +--------------+   vaddr ->  +-----------------+
 *   offset ->| code         | ----------> | file_size bytes |  R X
 *            +--------------+             +-----------------+
 *            | data         | ----------> | file_size bytes |  R W
 *            +--------------+             | zeros (bss)     |
 *                                         +-----------------+ <- end
 *
 * INVARIANTS of elf (of the result of elf_parse(): its suite checks them)
 *          E1  segments are in address order, and no page belongs to two
 *          E2  each segment lies within USER_BASE .. ELF_END_MAX
 *          E3  bytes that come from the file lie within the file
 *          E4  the name of an interpreter ends, and is not empty
 *          E5  the entry lies in an executable segment
 *
 * ALGORITHM  The file may have its segments in any order; each one is put into
 *          its place among the earlier ones. A segment may be writable and
 *          executable: as with mmap(), the program gets what it asks for (`ld
 *          -N` makes such files). Sums of numbers from the file have 64 bits,
 *          and two 32-bit numbers cannot wrap there.
 *
 * COST     One pass over the program headers. No memory.
 * NOT HERE mapping, stack and arguments (kernel/task/load.c). Segments that
 *          share a page: Linux maps one over the other. Programs that may be
 *          moved (ET_DYN).
 * SEE      Linux fs/binfmt_elf.c.
 */
#include "kernel/loader/elf.h"

#include "lib/align.h"
#include "lib/panic.h"
#include "lib/string.h"

static const char *header_check(const struct elf_header *header)
{
	HOLDS(!memcmp(header->ident, "\177ELF", 4), "not an ELF file");
	HOLDS(header->ident[4] == ELF_CLASS_32, "not a 32-bit program");
	HOLDS(header->ident[5] == ELF_DATA_LSB, "not little-endian");
	HOLDS(header->ident[6] == 1 && header->version == 1,
	      "unknown version of ELF");
	HOLDS(header->machine == ELF_MACHINE_386, "not for i386");
	HOLDS(header->type == ELF_TYPE_EXEC,
	      "not an executable at fixed addresses (ET_EXEC)");
	HOLDS(header->phentsize == sizeof(struct elf_phdr),
	      "program headers of an unknown size");
	HOLDS(header->phnum > 0, "no program headers");
	HOLDS(header->phnum <= ELF_PHNUM_MAX, "too many program headers");
	return NULL;
}

static uint64_t file_end(const struct elf_segment *seg)
{
	return (uint64_t)seg->offset + seg->file_size;
}

static uint64_t memory_end(const struct elf_segment *seg)
{
	return (uint64_t)seg->va.v + seg->mem_size;
}

static uint32_t page_start(const struct elf_segment *seg)
{
	return ALIGN_DOWN(seg->va.v, PAGE_SIZE);
}

static uint32_t page_end(const struct elf_segment *seg)
{
	return ALIGN_UP(seg->va.v + seg->mem_size, PAGE_SIZE);
}

/* E1: after all segments that begin below it. */
static const char *insert_segment(struct elf_image *elf,
				  const struct elf_segment *seg)
{
	unsigned i = elf->nr_segments;

	while (i && elf->segment[i - 1].va.v > seg->va.v)
		i--;
	HOLDS((!i || page_end(&elf->segment[i - 1]) <= page_start(seg)) &&
	      (i == elf->nr_segments ||
	       page_end(seg) <= page_start(&elf->segment[i])),
	      "segments overlap");
	memmove(&elf->segment[i + 1], &elf->segment[i],
		(elf->nr_segments - i) * sizeof(*seg));
	elf->segment[i] = *seg;
	elf->nr_segments++;
	elf->end.v = MAX(elf->end.v, page_end(seg));
	return NULL;
}

/* E2, E3. A segment without bytes from the file may have any offset. */
static const char *add_segment(struct elf_image *elf,
			       const struct elf_phdr *phdr, size_t size)
{
	struct elf_segment seg = {
		.va = UADDR(phdr->vaddr),
		.mem_size = phdr->memsz,
		.file_size = phdr->filesz,
		.offset = phdr->filesz ? phdr->offset : 0,
		.rights = phdr->flags & (ELF_READ | ELF_WRITE | ELF_EXEC),
	};

	if (!seg.mem_size && !seg.file_size)
		return NULL;
	HOLDS(seg.file_size <= seg.mem_size,
	      "a segment is larger in the file than in memory");
	HOLDS(file_end(&seg) <= size, "a segment lies beyond the file's end");
	HOLDS(seg.va.v >= USER_BASE && memory_end(&seg) <= ELF_END_MAX,
	      "a segment lies outside user memory");
	HOLDS(!seg.file_size || (seg.va.v ^ seg.offset) % PAGE_SIZE == 0,
	      "a segment's address and file offset disagree within a page");
	return insert_segment(elf, &seg);
}

/* If the file names several interpreters, the first one counts. */
static const char *read_interp(struct elf_image *elf, const uint8_t *file,
			       const struct elf_phdr *phdr, size_t size)
{
	if (elf->interp[0])
		return NULL;
	HOLDS((uint64_t)phdr->offset + phdr->filesz <= size,
	      "the interpreter's name lies beyond the file's end");
	HOLDS(phdr->filesz >= 2 && phdr->filesz <= sizeof(elf->interp),
	      "the interpreter's name is too short or too long");
	HOLDS(file[phdr->offset] && !file[phdr->offset + phdr->filesz - 1],
	      "the interpreter's name has no end");
	memcpy(elf->interp, file + phdr->offset, phdr->filesz);
	return NULL;
}

static const char *phdr_use(struct elf_image *elf, const uint8_t *file,
			    const struct elf_phdr *phdr, size_t size)
{
	switch (phdr->type) {
	case ELF_PT_LOAD:
		return add_segment(elf, phdr, size);
	case ELF_PT_INTERP:
		return read_interp(elf, file, phdr, size);
	case ELF_PT_GNU_STACK:
		elf->exec_stack = phdr->flags & ELF_EXEC;
		return NULL;
	default:
		return NULL;   /* PT_TLS, PT_NOTE, ...: for user mode */
	}
}

/* E5. */
static const char *entry_check(const struct elf_image *elf)
{
	HOLDS(elf->nr_segments > 0, "nothing to load");
	for (unsigned i = 0; i < elf->nr_segments; i++) {
		const struct elf_segment *seg = &elf->segment[i];

		if (elf->entry.v >= seg->va.v &&
		    elf->entry.v < memory_end(seg) && seg->rights & ELF_EXEC)
			return NULL;
	}
	return "the entry is not in an executable segment";
}

/* The user address of the program headers, for AT_PHDR; 0: not in memory. */
static uaddr_t find_phdrs(const struct elf_image *elf, uint32_t phoff,
			  uint64_t end)
{
	for (unsigned i = 0; i < elf->nr_segments; i++) {
		const struct elf_segment *seg = &elf->segment[i];

		if (phoff >= seg->offset && end <= file_end(seg))
			return UADDR(seg->va.v + (phoff - seg->offset));
	}
	return UADDR(0);
}

const char *elf_parse(const void *file, size_t size, struct elf_image *elf)
{
	struct elf_header header;
	const char *wrong;
	uint64_t phdrs_end;

	memset(elf, 0, sizeof(*elf));
	if (size < sizeof(header))
		return "too short for an ELF file";
	memcpy(&header, file, sizeof(header));
	wrong = header_check(&header);
	if (wrong)
		return wrong;
	elf->entry = UADDR(header.entry);
	elf->phnum = header.phnum;
	phdrs_end = header.phoff +
		    (uint64_t)header.phnum * sizeof(struct elf_phdr);
	if (phdrs_end > size)
		return "the program headers lie beyond the file's end";
	for (unsigned i = 0; i < header.phnum; i++) {
		struct elf_phdr phdr;

		memcpy(&phdr, (const uint8_t *)file + header.phoff +
		       i * sizeof(phdr), sizeof(phdr));
		wrong = phdr_use(elf, file, &phdr, size);
		if (wrong)
			return wrong;
	}
	elf->phdr = find_phdrs(elf, header.phoff, phdrs_end);
	return entry_check(elf);
}
