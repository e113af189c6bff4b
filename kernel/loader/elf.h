// SPDX-License-Identifier: MIT
/*
 * elf.h - reading ELF32 programs at fixed addresses, for i386
 *
 * WHAT     Makes a short list of segments from the bytes of a program file. The
 *          bytes may be wrong: then the result is the reason why the program
 *          cannot run. Only reads; maps nothing.
 *
 * TERMS    segment  a run of addresses with the same rights (PT_LOAD); its
 *                   first file_size bytes come from the file, the rest is zero
 *          bss      this rest; it may have many pages
 *          interpreter  a second program, loaded beside the first; it is
 *                   started instead of the first
 *
 * SEE      kernel/task/load.c, which maps what is found here; "Tool Interface
 *          Standard (TIS) ELF Specification", 1.2; elf(5).
 */
#pragma once

#include <arch/layout.h>

/* As many program headers as fit into a page: Linux's limit. */
#define ELF_PHNUM_MAX     128
#define ELF_INTERP_MAX    64

/* Images end below the room for the stack: 8 MiB and a gap. */
#define ELF_END_MAX       (PAGE_OFFSET - 0x01000000u)

/* Rights, in ELF's numbers (p_flags). */
#define ELF_EXEC   0x1u
#define ELF_WRITE  0x2u
#define ELF_READ   0x4u

struct elf_segment {
	uaddr_t  va;          /* first address; may lie inside a page       */
	uint32_t mem_size;    /* > 0                                        */
	uint32_t file_size;   /* <= mem_size                                */
	uint32_t offset;      /* of the first byte in the file              */
	unsigned rights;      /* ELF_READ ...                               */
};

struct elf_image {
	uaddr_t            entry;
	uaddr_t            phdr;        /* of the program headers; 0: none  */
	uint32_t           phnum;
	uaddr_t            end;         /* page-aligned, after all segments */
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

/* Read a program of `size` bytes. Returns: NULL and *elf, or why not. */
const char *elf_parse(const void *file, size_t size, struct elf_image *elf)
	__must_check;
