// SPDX-License-Identifier: MIT
/*
 * protocol.h - the messages to the servers, word by word
 *
 * WHAT     w[0] of a call is an operation; w[0] of the answer is a result, or
 *          a negative errno. Short texts travel in w[1] to w[5], long ones and
 *          contents of files as pages.
 */
#pragma once

#include "user/lib/ipc.h"

/*
 * Handles that a program has at its start. A server has its endpoint from init,
 * which has registered it under the server's name.
 */
#define HANDLE_NAMES      1     /* the name server, in every program         */
#define HANDLE_FIRST_OWN  2     /* from here on programs differ              */
#define HANDLE_ENDPOINT   2     /* in a server: to receive                   */
#define HANDLE_SERVER_OWN 3     /* from here on servers differ               */

/* The longest text in w[1] to w[5]. Only a shorter text ends with a 0. */
#define WORDS_TEXT_MAX  20

static inline char *words_text(struct words *words)
{
	return (char *)&words->w[1];
}

/*
 * The name server. A name is the text of the message. A name that init
 * registers (its handle has the badge NAMES_OWNER) stays init's: no other
 * client can take the name when the server dies. Any other name is free then.
 *
 * Each badge is one client. The shell gives each program its own badge, from
 * NAMES_PROGRAM on. All that the program starts has the same badge.
 *
 *   NAMES_REGISTER  and a handle of an endpoint, with RIGHT_SEND, _DUP and
 *                   _TRANSFER: from now on it is found under that name;
 *                   -ENOSPC: this client has NAMES_EACH names already
 *   NAMES_LOOKUP    -> a handle to send to; waits until there is one;
 *                   -EAGAIN: WAITERS_EACH lookups of this client wait already
 *   NAMES_TRY       -> the same, or -ENOENT at once
 *   NAMES_LIST      w[1] = index -> w[0] = 0 and the name; -ENOENT: no more
 */
enum names_op { NAMES_REGISTER = 1, NAMES_LOOKUP, NAMES_TRY, NAMES_LIST };

#define NAMES_OWNER    1        /* badge */
#define NAMES_PROGRAM  16       /* the first of many */
#define NAMES_EACH     16
#define WAITERS_EACH   16

/*
 * The console. WRITE and TRY carry w[0] = op | length << 8.
 *
 *   CONSOLE_WRITE   the text; answered when there is room for it
 *   CONSOLE_READ    -> w[0] = length and text of a line or a part of one, its
 *                   newline included; 0: end of input; -ENOMEM. The first
 *                   reader is served first, but the badge CONSOLE_LEADER is
 *                   served before all others
 *   CONSOLE_TRY     and a handle of a notification: as READ, at most `length`;
 *                   but it does not wait: -EAGAIN, and bit 0 of the
 *                   notification is signalled once when the client should try
 *                   again
 *   CONSOLE_DRAIN   answered when all text has been sent, or when the server
 *                   gives up because no byte can be sent
 *   CONSOLE_FOREGROUND  and a handle of a task with RIGHT_MANAGE: ^C kills it;
 *                   without a handle: ^C gives an empty line. This needs the
 *                   badge CONSOLE_LEADER, which init gives to the shell only;
 *                   any other badge: -EPERM, and nothing changes
 */
enum console_op {
	CONSOLE_WRITE = 1, CONSOLE_READ, CONSOLE_DRAIN, CONSOLE_FOREGROUND,
	CONSOLE_TRY
};

#define CONSOLE_LEADER  1       /* badge */

#define CONSOLE_OP(op, length)   ((uint32_t)(op) | (uint32_t)(length) << 8)

/*
 * The file server. A file's number is constant, so there is nothing to close.
 *
 *   FILES_OPEN   and a page with the path -> w[1] number, w[2] size, w[3] mode
 *   FILES_READ   w[1] number, w[2] offset, w[3] length -> w[0] = length read,
 *                and pages with the contents, which the client owns now
 *   FILES_LIST   -> w[0] = how many, and pages with struct file_info of each
 *   FILES_IMAGE  w[1] number -> w[1] offset, w[2] size, and a handle: the
 *                memory object in which the file lies, for TASK_START. The
 *                object is the whole archive, so this needs the badge
 *                FILES_STARTER, which init gives to the shell only; any other
 *                badge: -EPERM
 */
enum files_op {
	FILES_OPEN = 1, FILES_READ, FILES_LIST, FILES_IMAGE
};

#define FILES_STARTER   1       /* badge */

#define FILES_READ_MAX  (64u << 10)
#define FILE_NAME_MAX   52
#define MODE_TYPE       0170000u
#define MODE_FILE       0100000u
#define MODE_FOLDER     0040000u

struct file_info {
	uint32_t number, size, mode;
	char     name[FILE_NAME_MAX];
};

/*
 * The pager: an endpoint for VM_SET_PAGER. It also answers
 *
 *   PAGER_COUNT  -> w[0] = pages served so far
 */
enum pager_op { PAGER_COUNT = 1 };

/*
 * init:  INIT_POWER_OFF  w[1] = 0: off; 1: to the monitor, if there is one.
 *                        This needs the badge INIT_OPERATOR, which init gives
 *                        to the shell only; any other badge: -EPERM
 *        INIT_DEVICE     w[1] = vendor << 16 | device, w[2] = which of them
 *                        -> w[0] = 0 and a handle of the PCI device; -EPERM:
 *                        init does not give this device
 */
enum init_op { INIT_POWER_OFF = 1, INIT_DEVICE };

#define INIT_OPERATOR  1        /* badge */

/* pong:  answers with the same words; after PONG_END pong ends. */
enum pong_op { PONG = 1, PONG_END };
