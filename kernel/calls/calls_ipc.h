// SPDX-License-Identifier: MIT
/*
 * calls_ipc.h - what fastpath.c leaves to calls_ipc.c
 */
#pragma once

struct thread;
struct trap_regs;

/* The general forms of the two calls, and of what came with a message. */
long call_slowly(struct trap_regs *regs);
long reply_receive_slowly(struct trap_regs *regs);

/* Unpack the parcel of the running thread. Returns: `result` for EAX. */
long receive_parcel(struct thread *self, long result);
