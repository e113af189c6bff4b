// SPDX-License-Identifier: MIT
/*
 * elf.c - tests of kernel/loader/elf.c
 *
 * WHAT     Builds a small valid program in memory and spoils one field at a
 *          time: each has its own reason. Then spoils programs at random.
 */
#include "kernel/loader/elf.h"

#include "lib/panic.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define FILE_SIZE  0x2800u
#define CODE_VA    0x08048000u
#define DATA_VA    0x0804a000u
#define PHNUM      3
#define SPOILS     3000

static struct {
	struct elf_header header;
	struct elf_phdr   phdr[PHNUM];
	uint8_t           rest[FILE_SIZE - sizeof(struct elf_header) -
			       PHNUM * sizeof(struct elf_phdr)];
} file;

_Static_assert(sizeof(file) == FILE_SIZE, "no padding");

static struct elf_image elf;

/* Code with the headers in it, data with bss, no executable stack. */
static void start(void)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.header.ident, "\177ELF\1\1\1", 7);
	file.header.type = ELF_TYPE_EXEC;
	file.header.machine = ELF_MACHINE_386;
	file.header.version = 1;
	file.header.entry = CODE_VA + 0x100;
	file.header.phoff = sizeof(file.header);
	file.header.ehsize = sizeof(file.header);
	file.header.phentsize = sizeof(struct elf_phdr);
	file.header.phnum = PHNUM;
	file.phdr[0] = (struct elf_phdr){ ELF_PT_LOAD, 0, CODE_VA, CODE_VA,
					  0x1234, 0x1234,
					  ELF_READ | ELF_EXEC, PAGE_SIZE };
	file.phdr[1] = (struct elf_phdr){ ELF_PT_LOAD, 0x2010, DATA_VA + 0x10,
					  DATA_VA + 0x10, 0x20, 0x5000,
					  ELF_READ | ELF_WRITE, PAGE_SIZE };
	file.phdr[2] = (struct elf_phdr){ ELF_PT_GNU_STACK, 0, 0, 0, 0, 0,
					  ELF_READ | ELF_WRITE, 16 };
}

static void expect_refused(const char *reason)
{
	const char *wrong = elf_parse(&file, FILE_SIZE, &elf);

	EXPECT_STREQ(wrong ? wrong : "accepted", reason);
	start();
}

/* The laws E1 to E5: loading relies on them for every file. */
static const char *image_check(const struct elf_image *image, size_t size)
{
	bool entry_found = false;
	uint64_t end = USER_BASE;

	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *seg = &image->segment[i];
		uint64_t mem_end = (uint64_t)seg->va.v + seg->mem_size;

		HOLDS((seg->va.v & PAGE_MASK) >= end, "elf E1: in order, disjoint");
		HOLDS(mem_end <= ELF_END_MAX, "elf E2: within user memory");
		HOLDS((uint64_t)seg->offset + seg->file_size <= size,
		      "elf E3: within the file");
		HOLDS(seg->file_size <= seg->mem_size, "elf E3: fits memory");
		if (image->entry.v >= seg->va.v && image->entry.v < mem_end)
			entry_found = seg->rights & ELF_EXEC;
		end = (mem_end + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	}
	HOLDS(strnlen(image->interp, ELF_INTERP_MAX) < ELF_INTERP_MAX,
	      "elf E4: the interpreter's name ends");
	HOLDS(entry_found, "elf E5: the entry is in an executable segment");
	HOLDS(end == image->end.v, "the end is behind the last segment");
	return NULL;
}

KTEST(elf, valid_program_is_understood)
{
	start();
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_NULL(image_check(&elf, FILE_SIZE));
	EXPECT_EQ(elf.entry.v, CODE_VA + 0x100);
	EXPECT_EQ(elf.nr_segments, 2);
	EXPECT_EQ(elf.segment[0].va.v, CODE_VA);
	EXPECT_EQ(elf.segment[1].mem_size, 0x5000);
	EXPECT_EQ(elf.segment[1].file_size, 0x20);
	EXPECT_EQ(elf.end.v, DATA_VA + 0x6000);
	EXPECT_EQ(elf.phdr.v, CODE_VA + sizeof(struct elf_header));
	EXPECT_EQ(elf.phnum, PHNUM);
	EXPECT(!elf.exec_stack);
}

KTEST(elf, stack_is_executable_only_where_the_file_says_so)
{
	start();
	file.phdr[2].flags |= ELF_EXEC;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT(elf.exec_stack);
	start();
	file.phdr[2].type = 0;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT(!elf.exec_stack);
}

KTEST(elf, headers_that_are_not_loaded_have_no_address)
{
	start();
	file.phdr[0].offset = PAGE_SIZE;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_EQ(elf.phdr.v, 0);
}

/* A segment has all headers, or they have no address. */
KTEST(elf, headers_may_fill_a_segment_to_the_byte)
{
	const uint32_t first = sizeof(file.header);

	for (int from = -1; from <= 1; from++)
		for (int to = -1; to <= 1; to++) {
			struct elf_phdr *code = &file.phdr[0];

			start();
			code->offset = first + (uint32_t)from;
			code->vaddr = CODE_VA + code->offset;
			code->filesz = sizeof(file.phdr) +
				       (uint32_t)(to - from);
			EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
			EXPECT_EQ(elf.phdr.v, from <= 0 && to >= 0 ?
				  CODE_VA + first : 0);
		}
}

KTEST(elf, bad_header_is_refused_with_its_reason)
{
	start();
	file.header.ident[1] = 'e';
	expect_refused("not an ELF file");
	file.header.ident[4] = 2;
	expect_refused("not a 32-bit program");
	file.header.ident[5] = 2;
	expect_refused("not little-endian");
	file.header.version = 2;
	expect_refused("unknown version of ELF");
	file.header.machine = 62;
	expect_refused("not for i386");
	file.header.type = 3;
	expect_refused("not an executable at fixed addresses (ET_EXEC)");
	file.header.phentsize = 56;
	expect_refused("program headers of an unknown size");
	file.header.phnum = 0;
	expect_refused("no program headers");
	file.header.phnum = 0xffff;
	expect_refused("too many program headers");
	file.header.phoff = 0xfffffff0;
	expect_refused("the program headers lie beyond the file's end");
	EXPECT_STREQ(elf_parse(&file, sizeof(file.header) - 1, &elf),
		     "too short for an ELF file");
	EXPECT(elf_parse(&file, 0, &elf));
}

/* Four letters, class, order of bytes, version; the rest means nothing. */
KTEST(elf, each_byte_of_the_identity_counts)
{
	static const char *const reasons[] = {
		"not an ELF file", "not an ELF file", "not an ELF file",
		"not an ELF file", "not a 32-bit program", "not little-endian",
		"unknown version of ELF",
	};

	start();
	for (unsigned i = 0; i < sizeof(file.header.ident); i++) {
		file.header.ident[i] ^= 2;
		expect_refused(i < ARRAY_SIZE(reasons) ? reasons[i] :
			       "accepted");
	}
}

KTEST(elf, bad_segment_is_refused_with_its_reason)
{
	start();
	file.phdr[1].filesz = 0x5001;
	expect_refused("a segment is larger in the file than in memory");
	file.phdr[1].filesz = 0x4000;
	expect_refused("a segment lies beyond the file's end");
	file.phdr[1].offset = 0xfffff010;
	expect_refused("a segment lies beyond the file's end");
	file.phdr[0].vaddr = 0x1000;
	expect_refused("a segment lies outside user memory");
	file.phdr[1].memsz = 0xfffffff0;
	expect_refused("a segment lies outside user memory");
	file.phdr[1].vaddr = PAGE_OFFSET + 0x10;
	expect_refused("a segment lies outside user memory");
	file.phdr[1].vaddr += 4;
	expect_refused("a segment's address and file offset disagree within a page");
	file.phdr[1].vaddr = CODE_VA + 0x1010;
	expect_refused("segments overlap");
	file.phdr[1].vaddr = CODE_VA - 0x1ff0;
	expect_refused("segments overlap");
	file.phdr[1].vaddr = CODE_VA - 0x4ff0;
	expect_refused("segments overlap");
	file.phdr[0].vaddr = DATA_VA;
	expect_refused("segments overlap");
}

/* The image is the same for each order of three segments. */
KTEST(elf, segments_may_stand_in_any_order)
{
	static const uint8_t orders[][PHNUM] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 },
	};
	struct elf_phdr phdr[PHNUM];

	start();
	file.phdr[2] = file.phdr[1];
	file.phdr[2].vaddr = CODE_VA - 0x7ff0;
	memcpy(phdr, file.phdr, sizeof(phdr));
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		for (unsigned n = 0; n < PHNUM; n++)
			file.phdr[n] = phdr[orders[i][n]];
		EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
		EXPECT_NULL(image_check(&elf, FILE_SIZE));
		EXPECT_EQ(elf.nr_segments, 3);
		EXPECT_EQ(elf.segment[0].va.v, CODE_VA - 0x7ff0);
		EXPECT_EQ(elf.segment[1].va.v, CODE_VA);
		EXPECT_EQ(elf.segment[2].va.v, DATA_VA + 0x10);
		EXPECT_EQ(elf.phdr.v, CODE_VA + sizeof(struct elf_header));
	}
}

KTEST(elf, each_set_of_rights_is_what_the_file_asks_for)
{
	for (unsigned rights = 0; rights < 8; rights++) {
		start();
		file.phdr[1].flags = rights | 0x7ff00000;
		EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
		EXPECT_EQ(elf.segment[1].rights, rights);
	}
}

/* If no byte comes from the file, every offset is right. */
KTEST(elf, a_segment_without_bytes_may_have_any_offset)
{
	static const uint32_t offsets[] = {
		0, 1, 0x10, 0x2010, FILE_SIZE, FILE_SIZE + 1, 0x7fffffff,
		0xffffffff,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		start();
		file.phdr[1].offset = offsets[i];
		file.phdr[1].filesz = 0;
		EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
		EXPECT_NULL(image_check(&elf, FILE_SIZE));
		EXPECT_EQ(elf.segment[1].mem_size, 0x5000);
		EXPECT_EQ(elf.segment[1].file_size, 0);
	}
}

KTEST(elf, what_cannot_run_is_refused_with_its_reason)
{
	start();
	file.header.entry = DATA_VA + 0x10;
	expect_refused("the entry is not in an executable segment");
	file.header.entry = CODE_VA + 0x1234;
	expect_refused("the entry is not in an executable segment");
	file.phdr[0].type = 0;
	file.phdr[1].type = 0;
	expect_refused("nothing to load");
}

#define NAME_INTERP(offset, size, text) \
	name_interp(offset, size, text, sizeof(text))

static void name_interp(uint32_t offset, uint32_t size, const char *text,
			size_t text_size)
{
	start();
	file.phdr[2].type = ELF_PT_INTERP;
	file.phdr[2].offset = offset;
	file.phdr[2].filesz = size;
	if (offset < FILE_SIZE && size <= FILE_SIZE - offset)
		memcpy((uint8_t *)&file + offset, text, MIN(size, text_size));
}

KTEST(elf, an_interpreter_is_named_or_refused)
{
	char name[ELF_INTERP_MAX + 1] = { 0 };

	NAME_INTERP(0x1800, 12, "/lib/klibc.s");
	expect_refused("the interpreter's name has no end");
	NAME_INTERP(0x1800, 5, "\0lib");
	expect_refused("the interpreter's name has no end");
	NAME_INTERP(0x1800, 1, "");
	expect_refused("the interpreter's name is too short or too long");
	NAME_INTERP(0x1800, sizeof(name), name);
	expect_refused("the interpreter's name is too short or too long");
	NAME_INTERP(FILE_SIZE - 4, 5, "");
	expect_refused("the interpreter's name lies beyond the file's end");
	NAME_INTERP(0xffffffff, 5, "");
	expect_refused("the interpreter's name lies beyond the file's end");
	NAME_INTERP(0x1800, 14, "/lib/klibc.so");
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "/lib/klibc.so");
	NAME_INTERP(FILE_SIZE - 3, 3, "ld");
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "ld");
	start();
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "");
}

/* The longest name, and the shortest. */
KTEST(elf, a_name_of_an_interpreter_may_fill_its_room)
{
	char name[ELF_INTERP_MAX];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	NAME_INTERP(0x1800, sizeof(name), name);
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, name);
	NAME_INTERP(0x1800, 2, "a");
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "a");
}

/* The second one is not even looked at. */
KTEST(elf, of_two_interpreters_the_first_counts)
{
	NAME_INTERP(0x1800, 6, "first");
	memcpy((uint8_t *)&file + 0x1900, "other", 6);
	file.phdr[1] = file.phdr[2];
	file.phdr[1].offset = 0x1900;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "other");
	file.phdr[1].offset += 4;   /* "r": the shortest name */
	file.phdr[1].filesz = 2;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "r");
	file.phdr[2].offset = 0xffffffff;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_STREQ(elf.interp, "r");
}

KTEST(elf, one_segment_is_enough)
{
	start();
	file.phdr[1].type = 0;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_NULL(image_check(&elf, FILE_SIZE));
	EXPECT_EQ(elf.nr_segments, 1);
}

KTEST(elf, an_entry_is_a_byte_of_an_executable_segment)
{
	static const struct { uint32_t entry; bool right; } cases[] = {
		{ CODE_VA - 1, false },      { CODE_VA, true },
		{ CODE_VA + 0x1233, true },  { CODE_VA + 0x1234, false },
		{ DATA_VA + 0x10, false },   { 0, false },
		{ 0xffffffff, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		start();
		file.header.entry = cases[i].entry;
		EXPECT_EQ(!elf_parse(&file, FILE_SIZE, &elf), cases[i].right);
	}
}

/* Segments that end where the file or user memory does, and a byte behind. */
KTEST(elf, a_segment_may_reach_every_end_but_not_beyond)
{
	start();
	file.phdr[1].filesz = FILE_SIZE - 0x2010;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	file.phdr[1].filesz++;
	expect_refused("a segment lies beyond the file's end");
	file.phdr[1].filesz = 0x5000;
	expect_refused("a segment lies beyond the file's end");
	file.phdr[1].filesz = file.phdr[1].memsz = 0x20;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	file.phdr[1].memsz--;
	expect_refused("a segment is larger in the file than in memory");
	file.phdr[1].vaddr = USER_BASE + 0x10;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	file.phdr[1].vaddr = USER_BASE - PAGE_SIZE + 0x10;
	expect_refused("a segment lies outside user memory");
	file.phdr[1].vaddr = USER_BASE - 1;
	file.phdr[1].filesz = 0;
	expect_refused("a segment lies outside user memory");
	file.phdr[1].memsz = ELF_END_MAX - file.phdr[1].vaddr;
	EXPECT_NULL(elf_parse(&file, FILE_SIZE, &elf));
	EXPECT_EQ(elf.end.v, ELF_END_MAX);
	file.phdr[1].memsz++;
	expect_refused("a segment lies outside user memory");
}

/* The largest number, from the highest address down: the slowest order. */
KTEST(elf, every_program_header_may_be_a_segment)
{
	static struct {
		struct elf_header header;
		struct elf_phdr   phdr[ELF_PHNUM_MAX];
	} many;

	start();
	many.header = file.header;
	for (unsigned i = 0; i < ELF_PHNUM_MAX; i++)
		many.phdr[i] = (struct elf_phdr){
			ELF_PT_LOAD, 0,
			CODE_VA + (ELF_PHNUM_MAX - 1 - i) * PAGE_SIZE, 0,
			0x200, 0x200, ELF_EXEC, PAGE_SIZE };
	many.header.phnum = ELF_PHNUM_MAX;
	EXPECT_NULL(elf_parse(&many, sizeof(many), &elf));
	EXPECT_EQ(elf.nr_segments, ELF_PHNUM_MAX);
	EXPECT_NULL(image_check(&elf, sizeof(many)));
	many.header.phnum++;
	EXPECT_STREQ(elf_parse(&many, sizeof(many), &elf),
		     "too many program headers");
}

KTEST(elf, file_cut_anywhere_is_refused)
{
	start();
	for (size_t size = 0; size < 0x2030; size += 7)
		EXPECT(elf_parse(&file, size, &elf));
}

/* The first check refuses most words: values near an edge get further. */
static uint32_t random_value(struct rng *rng)
{
	static const uint32_t edges[] = {
		0, 1, PAGE_SIZE - 1, PAGE_SIZE, USER_BASE, CODE_VA, DATA_VA,
		FILE_SIZE, ELF_END_MAX, PAGE_OFFSET, 0x7fffffff, 0x80000000,
		0xfffff000, 0xffffffff,
	};
	uint32_t value = edges[rng_below(rng, ARRAY_SIZE(edges))];

	return value + rng_below(rng, 5) - 2;
}

KTEST(elf, spoiled_programs_never_break_the_laws)
{
	const unsigned words = (sizeof(file.header) + sizeof(file.phdr)) / 4;
	unsigned accepted = 0;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < SPOILS; i++) {
		start();
		for (unsigned n = rng_below(&rng, 3) + 1; n; n--) {
			uint32_t value = random_value(&rng);
			unsigned at = rng_below(&rng, words) * 4;

			if (rng_below(&rng, 2))
				memcpy((uint8_t *)&file + at, &value, 4);
			else
				((uint8_t *)&file)[at + rng_below(&rng, 4)] ^=
					1u << rng_below(&rng, 8);
		}
		if (elf_parse(&file, FILE_SIZE, &elf))
			continue;
		accepted++;
		EXPECT_NULL(image_check(&elf, FILE_SIZE));
	}
	EXPECT(accepted > SPOILS / 20 && accepted < SPOILS);
}

static const char *elf_suite_check(void)
{
	const char *wrong;

	start();
	wrong = elf_parse(&file, FILE_SIZE, &elf);
	return wrong ? wrong : image_check(&elf, FILE_SIZE);
}

SUITE(elf, elf_suite_check);
