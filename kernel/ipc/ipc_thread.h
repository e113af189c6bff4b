// SPDX-License-Identifier: MIT
/*
 * ipc_thread.h - what messages need to know of a thread
 *
 * WHAT     A part of struct thread, and the registers of a message. A new
 *          thread begins with all zeros.
 * NOT HERE all other parts of messages: kernel/ipc/endpoint.h.
 */
#pragma once

#include <arch/addr.h>

struct thread;
struct ipc_parcel;

/*
 * The words of a message, as a trap has saved them: the middle of struct
 * trap_regs, from edi on. A kernel thread has a structure of its own. Word 0 is
 * EBX, then come ECX, EDX, ESI, EDI, EBP; eax is the result.
 */
struct ipc_regs {
	uint32_t edi, esi, ebp;
	uint32_t unused;
	uint32_t ebx, edx, ecx, eax;
};

/* A caller that waits for a reply. In a thread, a reply object, or a parcel. */
struct reply_slot {
	struct thread *caller;          /* NULL: none                         */
};

enum ipc_wait {
	IPC_IDLE,
	IPC_SENDING,                    /* in an endpoint's queue of senders  */
	IPC_RECEIVING,                  /* in its queue of receivers          */
	IPC_CALLING,                    /* received; the reply is owed        */
};

/* Where pages that come shall lie. */
struct ipc_window {
	uaddr_t  addr;                  /* 0: anywhere                        */
	uint32_t length;
};

/* Protection: all fields with interrupts off; o only the thread itself. */
struct ipc_thread {
	enum ipc_wait      wait;
	struct ipc_regs   *regs;        /* its words, while it waits          */
	uint32_t           label;       /* what the receiver gets in EAX      */
	bool               calls;       /* SENDING: it wants a reply          */
	struct ipc_parcel *parcel;      /* extras that it sends or that came  */
	struct reply_slot *slot;        /* CALLING: its reply is owed here    */
	struct reply_slot  owes;        /* the caller that it owes a reply    */
	uaddr_t            buffer;      /* o  of its struct ipc_msg; 0: none  */
	struct ipc_window  window;      /* o                                  */
};
