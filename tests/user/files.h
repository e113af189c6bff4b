// SPDX-License-Identifier: MIT
/*
 * files.h - what tests of Linux's file calls share
 *
 * WHAT     In the shell the personality server answers the calls. On Linux the
 *          tests run in a read-only copy of the boot archive
 *          (tests/emu/test_files.py). Alone they have no files, and skip.
 */
#pragma once

#include "tests/user/utest.h"
#include "user/personality/abi.h"

#define SKIP_WITHOUT_FILES() SKIP_IF(!has_files(), "there is no boot archive")

#define CLOSED    199u     /* never open here                                */
#define FDS       256u     /* both systems have so many                      */

static inline bool has_files(void)
{
	long fd = linux_open("welcome", 0);

	linux_close((int)fd);
	return fd >= 0;
}

static inline long fcntl(long fd, long command, long argument)
{
	return syscall3(LINUX_NR_fcntl64, fd, command, argument);
}
