// SPDX-License-Identifier: MIT
/*
 * abi.h - structures of Linux's file calls on i386, to the byte
 *
 * SEE      Linux arch/x86/include/uapi/asm/stat.h, include/uapi/linux/stat.h,
 *          include/linux/dirent.h, include/uapi/linux/utsname.h.
 */
#pragma once

#include "lib/compiler.h"
#include "user/lib/linux.h"

#define S_IFCHR   0020000u
#define S_IFDIR   0040000u
#define S_IFREG   0100000u

#define DT_CHR    2
#define DT_DIR    4
#define DT_REG    8

#define TCGETS         0x5401
#define TIOCGWINSZ     0x5413

struct linux_stat64 {
	uint64_t dev;
	uint32_t pad0;
	uint32_t ino32;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t pad3;
	int64_t  size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t times[6];
	uint64_t ino;
} __packed;
_Static_assert(sizeof(struct linux_stat64) == 96, "asm/stat.h");

struct linux_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	uint32_t times[16];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
} __packed;
_Static_assert(sizeof(struct linux_statx) == 256, "linux/stat.h");

#define STATX_BASIC_STATS  0x7ffu
#define STATX_RESERVED     0x80000000u

struct linux_dirent64 {
	uint64_t ino;
	int64_t  offset;
	uint16_t length;    /* of this record, a multiple of 8 */
	uint8_t  type;
	char     name[];
} __packed;
_Static_assert(sizeof(struct linux_dirent64) == 19, "linux/dirent.h");

#define UTS_LENGTH  65

struct linux_utsname {
	char sysname[UTS_LENGTH], nodename[UTS_LENGTH], release[UTS_LENGTH];
	char version[UTS_LENGTH], machine[UTS_LENGTH], domain[UTS_LENGTH];
};

struct linux_winsize {
	uint16_t rows, columns, x, y;
};

struct linux_termios {
	uint32_t input, output, control, local;
	uint8_t  line, chars[19];
};
_Static_assert(sizeof(struct linux_termios) == 36, "asm/termbits.h");
