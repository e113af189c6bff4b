// SPDX-License-Identifier: MIT
/*
 * linux.h - Linux's i386 calls, as our own programs use them
 *
 * WHAT     Numbers, structures and one function a call. A function returns what
 *          the call returns: negative errno instead of -1, so that nothing
 *          global is needed. The same program runs on Linux.
 *
 * NOT HERE our own calls (user/lib/ipc.h).
 * SEE      Linux arch/x86/entry/syscalls/syscall_32.tbl, include/uapi.
 */
#pragma once

#include "user/lib/syscall.h"

/*      name              number */
#define LINUX_CALLS(C)                 \
	C(exit,                  1)    \
	C(fork,                  2)    \
	C(read,                  3)    \
	C(write,                 4)    \
	C(open,                  5)    \
	C(close,                 6)    \
	C(waitpid,               7)    \
	C(execve,               11)    \
	C(lseek,                19)    \
	C(getpid,               20)    \
	C(access,               33)    \
	C(kill,                 37)    \
	C(dup,                  41)    \
	C(brk,                  45)    \
	C(ioctl,                54)    \
	C(fcntl,                55)    \
	C(setpgid,              57)    \
	C(dup2,                 63)    \
	C(getppid,              64)    \
	C(getpgrp,              65)    \
	C(setsid,               66)    \
	C(setrlimit,            75)    \
	C(readlink,             85)    \
	C(munmap,               91)    \
	C(wait4,               114)    \
	C(sysinfo,             116)    \
	C(clone,               120)    \
	C(uname,               122)    \
	C(mprotect,            125)    \
	C(getpgid,             132)    \
	C(llseek,              140)    \
	C(readv,               145)    \
	C(writev,              146)    \
	C(getsid,              147)    \
	C(mlock,               150)    \
	C(munlock,             151)    \
	C(sched_yield,         158)    \
	C(nanosleep,           162)    \
	C(mremap,              163)    \
	C(rt_sigprocmask,      175)    \
	C(pread64,             180)    \
	C(getcwd,              183)    \
	C(vfork,               190)    \
	C(ugetrlimit,          191)    \
	C(mmap2,               192)    \
	C(stat64,              195)    \
	C(lstat64,             196)    \
	C(fstat64,             197)    \
	C(getuid32,            199)    \
	C(getgid32,            200)    \
	C(geteuid32,           201)    \
	C(getegid32,           202)    \
	C(setuid32,            213)    \
	C(setgid32,            214)    \
	C(mincore,             218)    \
	C(madvise,             219)    \
	C(getdents64,          220)    \
	C(fcntl64,             221)    \
	C(gettid,              224)    \
	C(set_thread_area,     243)    \
	C(exit_group,          252)    \
	C(set_tid_address,     258)    \
	C(clock_gettime,       265)    \
	C(clock_getres,        266)    \
	C(clock_nanosleep,     267)    \
	C(openat,              295)    \
	C(fstatat64,           300)    \
	C(dup3,                330)    \
	C(prlimit64,           340)    \
	C(statx,               383)    \
	C(clock_gettime64,     403)    \
	C(clock_getres64,      406)    \
	C(clock_nanosleep64,   407)

enum linux_call {
#define C(name, number) LINUX_NR_##name = number,
	LINUX_CALLS(C)
#undef C
};

#define PROT_NONE            0x0
#define PROT_READ            0x1
#define PROT_WRITE           0x2
#define PROT_EXEC            0x4
#define MAP_SHARED           0x01
#define MAP_PRIVATE          0x02
#define MAP_FIXED            0x10
#define MAP_ANONYMOUS        0x20
#define MAP_GROWSDOWN        0x0100
#define MAP_LOCKED           0x2000
#define MAP_NORESERVE        0x4000
#define MAP_POPULATE         0x8000
#define MAP_STACK            0x20000
#define MAP_FIXED_NOREPLACE  0x100000
#define MREMAP_MAYMOVE       1
#define MREMAP_FIXED         2
#define MADV_DONTNEED        4
#define WNOHANG              1
#define CLOCK_REALTIME       0
#define CLOCK_MONOTONIC      1

/* Numbers beside those of lib/errno.h. */
#define ENXIO     6
#define ENOTDIR   20
#define EISDIR    21
#define EMFILE    24
#define ENOTTY    25
#define ESPIPE    29
#define EROFS     30
#define ENAMETOOLONG 36

#define AT_FDCWD             (-100)
#define AT_SYMLINK_NOFOLLOW  0x100u
#define AT_NO_AUTOMOUNT      0x800u
#define AT_EMPTY_PATH        0x1000u
#define AT_STATX_SYNC_TYPE   0x6000u

#define O_RDONLY       0u
#define O_WRONLY       1u
#define O_RDWR         2u
#define O_ACCMODE      3u
#define O_CREAT        0100u
#define O_EXCL         0200u
#define O_NOCTTY       0400u
#define O_TRUNC        01000u
#define O_APPEND       02000u
#define O_NONBLOCK     04000u
#define O_DSYNC        010000u
#define O_ASYNC        020000u
#define O_DIRECT       040000u
#define O_LARGEFILE    0100000u
#define O_DIRECTORY    0200000u
#define O_NOFOLLOW     0400000u
#define O_NOATIME      01000000u
#define O_CLOEXEC      02000000u
#define O_SYNC         04010000u
#define O_PATH         010000000u

/* access()'s mode. */
#define X_OK           1u
#define W_OK           2u
#define ACCESS_ALL     7u

#define SEEK_SET       0
#define SEEK_CUR       1
#define SEEK_END       2
#define SEEK_DATA      3
#define SEEK_HOLE      4

#define F_DUPFD        0
#define F_GETFD        1
#define F_SETFD        2
#define F_GETFL        3
#define F_SETFL        4
#define F_DUPFD_CLOEXEC 1030
#define FD_CLOEXEC     1u

/* waitpid()'s status. */
#define W_EXITED(s)   (((s) & 0x7f) == 0)
#define W_STATUS(s)   (((s) >> 8) & 0xff)
#define W_SIGNAL(s)   ((s) & 0x7f)

struct linux_timespec {
	int32_t seconds;
	int32_t nanoseconds;
};

struct linux_iovec {
	const void *base;
	size_t      length;
};

struct linux_user_desc {
	uint32_t entry_number;   /* ~0: the kernel picks one */
	uint32_t base;
	uint32_t limit;
	uint32_t flags;          /* 0x51: 32 bits, limit in pages, usable */
};

static inline void linux_exit_group(int status) __noreturn;
static inline void linux_exit_group(int status)
{
	for (;;)
		syscall1(LINUX_NR_exit_group, status);
}

static inline void linux_exit(int status) __noreturn;
static inline void linux_exit(int status)
{
	for (;;)
		syscall1(LINUX_NR_exit, status);
}

static inline long linux_fork(void)
{
	return syscall0(LINUX_NR_fork);
}

static inline long linux_waitpid(int pid, int *status, int options)
{
	return syscall3(LINUX_NR_waitpid, pid, (long)status, options);
}

static inline long linux_getpid(void)
{
	return syscall0(LINUX_NR_getpid);
}

static inline long linux_getppid(void)
{
	return syscall0(LINUX_NR_getppid);
}

static inline long linux_gettid(void)
{
	return syscall0(LINUX_NR_gettid);
}

static inline long linux_sched_yield(void)
{
	return syscall0(LINUX_NR_sched_yield);
}

static inline long linux_nanosleep(const struct linux_timespec *time,
				   struct linux_timespec *left)
{
	return syscall2(LINUX_NR_nanosleep, (long)time, (long)left);
}

static inline long linux_clock_gettime(int clock, struct linux_timespec *time)
{
	return syscall2(LINUX_NR_clock_gettime, clock, (long)time);
}

static inline long linux_open(const char *path, uint32_t flags)
{
	return syscall3(LINUX_NR_open, (long)path, (long)flags, 0);
}

static inline long linux_close(int fd)
{
	return syscall1(LINUX_NR_close, fd);
}

static inline long linux_read(int fd, void *buf, size_t length)
{
	return syscall3(LINUX_NR_read, fd, (long)buf, (long)length);
}

static inline long linux_write(int fd, const void *buf, size_t length)
{
	return syscall3(LINUX_NR_write, fd, (long)buf, (long)length);
}

static inline long linux_writev(int fd, const struct linux_iovec *parts,
				int nr)
{
	return syscall3(LINUX_NR_writev, fd, (long)parts, nr);
}

/* Returns a pointer or an error: see IS_ERROR(). `offset` is in pages. */
static inline void *linux_mmap(void *addr, size_t length, int prot, int flags,
			       int fd, uint32_t offset)
{
	return (void *)syscall6(LINUX_NR_mmap2, (long)addr, (long)length, prot,
				flags, fd, (long)offset);
}

static inline long linux_munmap(void *addr, size_t length)
{
	return syscall2(LINUX_NR_munmap, (long)addr, (long)length);
}

static inline long linux_mprotect(void *addr, size_t length, int prot)
{
	return syscall3(LINUX_NR_mprotect, (long)addr, (long)length, prot);
}

static inline void *linux_mremap(void *addr, size_t old_length,
				 size_t new_length, int flags, void *new_addr)
{
	return (void *)syscall5(LINUX_NR_mremap, (long)addr, (long)old_length,
				(long)new_length, flags, (long)new_addr);
}

static inline long linux_brk(void *end)
{
	return syscall1(LINUX_NR_brk, (long)end);
}

static inline long linux_madvise(void *addr, size_t length, int advice)
{
	return syscall3(LINUX_NR_madvise, (long)addr, (long)length, advice);
}

static inline long linux_mincore(void *addr, size_t length, uint8_t *vec)
{
	return syscall3(LINUX_NR_mincore, (long)addr, (long)length, (long)vec);
}

static inline long linux_mlock(void *addr, size_t length)
{
	return syscall2(LINUX_NR_mlock, (long)addr, (long)length);
}

static inline long linux_munlock(void *addr, size_t length)
{
	return syscall2(LINUX_NR_munlock, (long)addr, (long)length);
}

static inline long linux_set_thread_area(struct linux_user_desc *desc)
{
	return syscall1(LINUX_NR_set_thread_area, (long)desc);
}
