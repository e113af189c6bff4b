// SPDX-License-Identifier: MIT
/*
 * compiler.h - what we ask of the compiler, under names of our own
 *
 * WHAT     Attributes, branch hints, volatile access and the few macros that
 *          C lacks. Each of them works with gcc and with clang.
 * SEE      Linux include/linux/compiler.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)       __builtin_expect(!!(x), 1)
#define unlikely(x)     __builtin_expect(!!(x), 0)

#define __must_check    __attribute__((warn_unused_result))
#define __noreturn      __attribute__((noreturn))
#define __printf(f, a)  __attribute__((format(printf, f, a)))
#define __aligned(n)    __attribute__((aligned(n)))
#define __packed        __attribute__((packed))
#define __section(name) __attribute__((section(name), used))
#define __cold          __attribute__((cold))
#define noinline        __attribute__((noinline))
#define always_inline   inline __attribute__((always_inline))

/* Exactly one access: the compiler does not split, merge or drop it. */
#define READ_ONCE(x)      (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)  (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()         __asm__ volatile("" ::: "memory")

#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define MIN(a, b)  ((a) < (b) ? (a) : (b))
#define MAX(a, b)  ((a) > (b) ? (a) : (b))

/* The value of a macro as a text, for assembly and messages. */
#define STRINGIFY_RAW(x)  #x
#define STRINGIFY(x)      STRINGIFY_RAW(x)

/*
 * Lock annotations. `clang -Wthread-safety` reads them; for gcc they are empty.
 * A lock is a spinlock or a mutex. The caller must be able to name the same
 * lock.
 */
#if defined(__clang__)
#define LOCK_TYPE       __attribute__((capability("lock")))
#define ACQUIRES(l)     __attribute__((acquire_capability(l)))
#define RELEASES(l)     __attribute__((release_capability(l)))
#define TRY_ACQUIRES(l) __attribute__((try_acquire_capability(true, l)))
#define MUST_HOLD(l)    __attribute__((requires_capability(l)))
#define IS_HELD(l)      __attribute__((assert_capability(l)))
#define NO_LOCK_CHECK   __attribute__((no_thread_safety_analysis))
#else
#define LOCK_TYPE
#define ACQUIRES(l)
#define RELEASES(l)
#define TRY_ACQUIRES(l)
#define MUST_HOLD(l)
#define IS_HELD(l)
#define NO_LOCK_CHECK
#endif
