// SPDX-License-Identifier: MIT
/*
 * elf.h - reading ELF32 programs at fixed addresses, for i386
 *
 * WHAT     Turns the bytes of a program file, which nobody vouches for, into a
 *          short list of segments, or into the reason why it cannot run. Reads
 *          only; maps nothing.
 *
 * TERMS    segment  a run of addresses with the same rights (PT_LOAD); its
 *                   first file_size bytes come from the file, the rest is zero
 *          bss      that rest, which may be many pages
 *          interpreter  another program, which is loaded beside this one and
 *                   started in its place
 *
 * SEE      kernel/task/load.c, which maps what is found here; "Tool Interface
 *          Standard (TIS) ELF Specification", 1.2; elf(5).
 */
#pragma once

#include <arch/layout.h>

/* As many program headers as fit into a page: Linux's limit. */
#define ELF_PHNUM_MAX     128
#define ELF_INTERP_MAX    64

/* Images end below the room that a stack may grow into, 8 MiB and a gap. */
#define ELF_END_MAX       (PAGE_OFFSET - 0x01000000u)

/* Rights, in ELF's numbers (p_flags). */
#define ELF_EXEC   0x1u
#define ELF_WRITE  0x2u
#define ELF_READ   0x4u

struct elf_segment {
	uint32_t va;          /* first address; need not be page-aligned    */
	uint32_t mem_size;    /* > 0                                        */
	uint32_t file_size;   /* <= mem_size                                */
	uint32_t offset;      /* of the first byte in the file; 0: of none  */
	unsigned rights;      /* ELF_READ ...                               */
};

struct elf_image {
	uint32_t           entry;
	uint32_t           phdr;        /* address of the program headers in
					   memory, 0: not loaded            */
	uint32_t           phnum;
	uint32_t           end;         /* page-aligned, behind all segments */
	bool               exec_stack;  /* PT_GNU_STACK asks for it          */
	char               interp[ELF_INTERP_MAX];      /* "": none         */
	unsigned           nr_segments;
	struct elf_segment segment[ELF_PHNUM_MAX];      /* by address       */
};

/* On disk. Read by copy: the file may begin at any address. */
struct elf_header {
	uint8_t  ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

#define ELF_CLASS_32      1
#define ELF_DATA_LSB      1
#define ELF_TYPE_EXEC     2
#define ELF_MACHINE_386   3
#define ELF_PT_LOAD       1u
#define ELF_PT_INTERP     3u
#define ELF_PT_GNU_STACK  0x6474e551u

_Static_assert(sizeof(struct elf_header) == 52, "as in the file");
_Static_assert(sizeof(struct elf_phdr) == 32, "as in the file");

/*
 * Look at a program of `size` bytes.
 *
 * Returns: NULL and *elf; or why it is refused, in words.
 */
const char *elf_parse(const void *file, size_t size, struct elf_image *elf)
	__must_check;
