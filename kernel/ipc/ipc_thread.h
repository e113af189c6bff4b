// SPDX-License-Identifier: MIT
/*
 * ipc_thread.h - what messages need to know of a thread
 *
 * WHAT     A part of struct thread, and the registers of a message. All zero is
 *          right for a new thread.
 * NOT HERE everything else about messages: kernel/ipc/endpoint.h.
 */
#pragma once

#include "lib/compiler.h"

struct thread;
struct ipc_parcel;

/*
 * The words of a message, where a trap has saved them: the middle of struct
 * trap_regs, from edi on. Kernel threads have one of their own. Word 0 is EBX,
 * then ECX, EDX, ESI, EDI, EBP; eax is the result.
 */
struct ipc_regs {
	uint32_t edi, esi, ebp;
	uint32_t unused;
	uint32_t ebx, edx, ecx, eax;
};

/* Who waits for an answer. In a thread, a reply object, or a parcel. */
struct reply_slot {
	struct thread *caller;          /* NULL: nobody                       */
};

enum ipc_wait {
	IPC_IDLE,
	IPC_SENDING,                    /* in an endpoint's queue of senders  */
	IPC_RECEIVING,                  /* in its queue of receivers          */
	IPC_CALLING,                    /* received; the reply is owed        */
};

/* Protection: all fields with interrupts off; o only the thread itself. */
struct ipc_thread {
	enum ipc_wait      wait;
	struct ipc_regs   *regs;        /* its words, while it waits          */
	uint32_t           label;       /* what the receiver gets in EAX      */
	bool               calls;       /* SENDING: it wants a reply          */
	struct ipc_parcel *parcel;      /* extras that it sends or that came  */
	struct reply_slot *slot;        /* CALLING: who owes it the reply     */
	struct reply_slot  owes;        /* to whom this thread owes one       */
	uint32_t           buffer;      /* o  user address of struct ipc_msg  */
	uint32_t           window;      /* o  where pages that come shall lie */
	uint32_t           window_length;
};
