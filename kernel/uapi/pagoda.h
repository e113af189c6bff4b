// SPDX-License-Identifier: MIT
/*
 * pagoda.h - the kernel's own calls, as user mode sees them
 *
 * WHAT     Numbers, structures and flags of the calls from 1024 on. Linux's
 *          calls are below. Both sides include this file; it includes nothing
 *          of the kernel.
 *
 * PICTURE    EAX   handle << 16 | number       going in
 *            EAX   result, or -errno           coming back
 *            EBX ECX EDX ESI EDI EBP           arguments 1 to 6, or the six
 *                                              words of a message, both ways
 *
 *          A call changes no other register, unless the table names it behind
 *          "->". Error numbers are Linux's.
 *
 * TERMS    handle   number by which this task names a kernel object; 0 is none.
 *                   If a call wants a task, 0 is the caller's own.
 *          rights   what a handle allows; see RIGHT_*
 *          badge    number in a handle. A receiver gets it with each message
 *                   that was sent through the handle: so a server knows which
 *                   client has sent
 *          words    the six registers of a message
 *          extras   handles and pages of a message. They lie in the thread's
 *                   struct ipc_msg (IPC_BUFFER names it)
 *          _MSG     the calls whose names end in _MSG use that structure's
 *                   `out`: they send its extras, obey its flags and deadline
 *
 * MESSAGES send waits until a thread has received. call sends, then waits for
 *          the reply. The receiver of a call owes a reply. Its thread remembers
 *          one caller, until it replies or receives again (then the caller gets
 *          -EPIPE), or until REPLY_SAVE makes a handle of the debt. A caller
 *          also gets -EPIPE if the server ends or closes the reply handle, or
 *          if the endpoint's last handle with RIGHT_RECEIVE is closed.
 *
 *          EAX after receiving (RECEIVE, REPLY_RECEIVE):
 *
 *            bit 30         IPC_EXTRAS: there are extras, see ipc_msg.in
 *            bit 29 = 0     bits 0..28: the sender's badge
 *            bit 29 = 1     IPC_KERNEL: the kernel asks; KMSG_* below says for
 *                           which task, and why. No task can set this bit.
 *
 *          EAX after CALL: 0 or IPC_EXTRAS. A receiver cannot see whether a
 *          message was sent or called: the reply to a sender gives -ESRCH.
 *
 * SEE      kernel/uapi/abi.h for the instructions; docs/glossary.md.
 */
#pragma once

#include <stdint.h>

/* The two halves of EAX. */
#define PG_EAX(number, handle)  ((uint32_t)(handle) << 16 | (number))
#define PG_NUMBER(eax)          ((eax) & 0xffffu)
#define PG_HANDLE(eax)          ((eax) >> 16)

/*
 * number, NAME, the kernel's function pg_...(), what the handle names, the
 * right that the handle needs. The comment behind has the arguments. Pointers
 * are addresses in the caller's space; [n] is a length in bytes.
 *
 *   NONE            the call looks at no handle
 *   ANY             an object of any type
 *   TASK, SPACE     a task, the memory of a task; 0: the caller's own
 *   CALLER          a reply handle; 0: the caller that this thread owes a reply
 *   LATE(...)       these calls look at their arguments before the handle, all
 *                   others at the handle first
 *   other words     an object of that type
 *
 * The errors about a handle, in this order: -EBADF there is no such handle,
 * -EINVAL it names an object of another type, -EPERM it has not that right,
 * -ESRCH the task of a SPACE has ended.
 */
#define PAGODA_CALLS(C)                                                       \
	/* any object */                                                      \
	C(1024, HANDLE_CLOSE, handle_close, LATE(ANY), NONE)                  \
	C(1025, HANDLE_DUP, handle_dup, LATE(ANY), DUP)                       \
		/* rights, badge -> handle */                                 \
	/* messages */                                                        \
	C(1026, ENDPOINT_CREATE, endpoint_create, NONE, NONE) /* -> handle */ \
	C(1027, SEND, send, LATE(ENDPOINT), SEND) /* words */                 \
	C(1028, RECEIVE, receive, LATE(ENDPOINT), RECEIVE)                    \
		/* -> badge, words */                                         \
	C(1029, CALL, call, LATE(ENDPOINT), SEND) /* words -> words */        \
	C(1030, REPLY, reply, LATE(CALLER), NONE) /* words */                 \
	C(1031, REPLY_RECEIVE, reply_receive, LATE(ENDPOINT), RECEIVE)        \
		/* words -> badge, words */                                   \
	C(1032, SEND_MSG, send, LATE(ENDPOINT), SEND)                         \
	C(1033, RECEIVE_MSG, receive, LATE(ENDPOINT), RECEIVE)                \
	C(1034, CALL_MSG, call_slowly, LATE(ENDPOINT), SEND)                  \
	C(1035, REPLY_MSG, reply, LATE(CALLER), NONE)                         \
	C(1036, REPLY_RECEIVE_MSG, reply_receive_slowly, LATE(ENDPOINT),      \
	  RECEIVE)                                                            \
	C(1037, REPLY_SAVE, reply_save, NONE, NONE) /* -> reply handle */     \
	C(1038, IPC_BUFFER, ipc_buffer, NONE, NONE) /* struct ipc_msg * */    \
	/* memory of a caller or a task: -EFAULT if a pager has not given the \
	 * page yet */                                                        \
	C(1039, CALLER_READ, caller_read, CALLER, NONE)                       \
		/* its addr, buf, [n] */                                      \
	C(1040, CALLER_WRITE, caller_write, CALLER, NONE)                     \
		/* its addr, buf, [n] */                                      \
	C(1041, CALLER_GET_REGS, caller_get_regs, CALLER, NONE)               \
		/* struct pg_regs * */                                        \
	C(1042, CALLER_SET_REGS, caller_set_regs, LATE(CALLER), NONE)         \
		/* struct pg_regs * */                                        \
	/* notifications */                                                   \
	C(1043, NOTIFICATION_CREATE, notification_create, NONE, NONE)         \
		/* -> handle */                                               \
	C(1044, NOTIFICATION_SIGNAL, notification_signal, NOTIFICATION, SEND) \
		/* bits */                                                    \
	C(1045, NOTIFICATION_WAIT, notification_wait, NOTIFICATION, RECEIVE)  \
		/* mask, deadline low, high -> bits in EBX */                 \
	C(1046, NOTIFICATION_POLL, notification_poll, NOTIFICATION, RECEIVE)  \
		/* mask -> EBX */                                             \
	/* devices */                                                         \
	C(1047, IRQ_CREATE, irq_create, SYSTEM, MANAGE)                       \
		/* line, notification, bits -> handle; still masked */        \
	C(1048, IRQ_ACK, irq_ack, IRQ, MANAGE) /* unmask */                   \
	C(1049, IO_PORTS_CREATE, io_ports_create, SYSTEM, MANAGE)             \
		/* first, count -> handle */                                  \
	C(1050, IO_PORTS_ALLOW, io_ports_allow, IO_PORTS, MANAGE)             \
		/* task: another's needs RIGHT_TRANSFER too */                \
	/* tasks */                                                           \
	C(1051, TASK_CREATE, task_create, NONE, NONE)                         \
		/* name (text) -> handle */                                   \
	C(1052, TASK_START, task_start, TASK, MANAGE)                         \
		/* struct task_start * */                                     \
	C(1053, TASK_KILL, task_kill, TASK, MANAGE) /* wait status */         \
	C(1054, TASK_WAIT, task_wait, TASK, READ)                             \
		/* deadline low, high -> wait status in EBX */                \
	C(1055, TASK_SET_EXCEPTIONS, task_set_exceptions, TASK, MANAGE)       \
		/* endpoint */                                                \
	C(1056, TASK_SET_PERSONALITY, task_set_personality, TASK, MANAGE)     \
		/* endpoint */                                                \
	C(1057, TASK_READ, task_read, SPACE, READ) /* its addr, buf, [n] */   \
	C(1058, TASK_WRITE, task_write, SPACE, WRITE) /* its addr, buf, [n] */\
	C(1059, VM_MAP, vm_map, LATE(SPACE), WRITE)                           \
		/* addr, [n], prot, flags as mmap2's -> addr */               \
	C(1060, VM_UNMAP, vm_unmap, SPACE, WRITE) /* addr, [n] */             \
	C(1061, VM_SET_PAGER, vm_set_pager, SPACE, WRITE)                     \
		/* addr, [n], endpoint */                                     \
	C(1062, TASK_MAPS, task_maps, SPACE, READ)                            \
		/* addr, struct pg_area *: the first that ends above addr */  \
	C(1063, PAGE_INFO, page_info, LATE(SPACE), READ)                      \
		/* addr, struct pg_page * */                                  \
	C(1064, THREAD_CREATE, thread_create, NONE, NONE)                     \
		/* eip, esp, ebx -> tid; the handle must be 0 */              \
	C(1065, THREAD_EXIT, thread_exit, NONE, NONE)                         \
	/* memory */                                                          \
	C(1066, MEMORY_SIZE, memory_size, MEMORY, READ) /* -> bytes */        \
	C(1067, MEMORY_READ, memory_read, MEMORY, READ)                       \
		/* offset, buf, [n] -> n */                                   \
	C(1068, MEMORY_MAP, memory_map, MEMORY, READ) /* addr or 0 -> addr */ \
	/* the system */                                                      \
	C(1069, TASK_INFO, task_info, SYSTEM, READ)                           \
		/* pid, struct pg_task *: this pid or the next higher one */  \
	C(1070, TASK_OPEN, task_open, SYSTEM, NONE)                           \
		/* pid -> handle; needs RIGHT_MANAGE, or RIGHT_READ: then the \
		 * new handle has RIGHT_READ only */                          \
	C(1071, MEM_INFO, mem_info, SYSTEM, READ) /* struct pg_mem * */       \
	C(1072, LOG_WRITE, log_write, SYSTEM, WRITE) /* text, [n] */          \
	C(1073, POWER_OFF, power_off, SYSTEM, MANAGE)                         \
		/* 0; 1: to the monitor, where there is one */                \
	/* for every task */                                                  \
	C(1074, CLOCK, clock, NONE, NONE) /* -> ns: EBX low, ECX high */      \
	C(1075, YIELD, yield, NONE, NONE)                                     \
	/* notifications */                                                   \
	C(1076, NOTIFICATION_BIND, notification_bind, NOTIFICATION, RECEIVE)  \
		/* endpoint: from now on its bits arrive there as messages;   \
		 * 0: they do not */                                          \
	/* PCI devices. A DMA handle is what DMA_ALLOC and DMA_MAP give */    \
	C(1077, DEVICE_OPEN, device_open, SYSTEM, MANAGE)                     \
		/* vendor << 16 | device, index among these -> handle;        \
		 * bridges cannot be opened */                                \
	C(1078, DEVICE_INFO, device_info, DEVICE, MANAGE)                     \
		/* struct pg_device * */                                      \
	C(1079, DEVICE_MAP_BAR, device_map_bar, DEVICE, MANAGE)               \
		/* bar -> addr; the previous user loses its mappings */       \
	C(1080, DEVICE_SET_MASK, device_set_mask, DEVICE, MANAGE)             \
		/* mask low, high: from now on the device may use the bus; it \
		 * must be idle, because the kernel does not reset it */      \
	C(1081, DEVICE_IRQ, device_irq, DEVICE, MANAGE)                       \
		/* notification, bits -> irq handle; still masked. It works   \
		 * until the device's last handle is closed */                \
	C(1082, DMA_ALLOC, dma_alloc, DEVICE, MANAGE)                         \
		/* [n] -> DMA handle; EBX: addr, ECX, EDX: bus low, high */   \
	C(1083, DMA_MAP, dma_map, DEVICE, MANAGE)                             \
		/* addr, [n], direction, struct pg_segment *, room for how    \
		 * many -> DMA handle; EBX: how many there are */             \
	C(1084, DMA_SYNC, dma_sync, DMA, MANAGE)                              \
		/* 0: for the program, 1: for the device */                   \
	C(1085, DMA_UNMAP, dma_unmap, DMA, MANAGE)                            \
		/* the handle is closed: the transfer is over */              \
	C(1086, DMA_CHECK, dma_check, DEVICE, MANAGE)                         \
		/* bus low, high, [n]: before the device gets this address */ \
	/* endpoints */                                                       \
	C(1087, ENDPOINT_CHECK, endpoint_check_alive, ENDPOINT, SEND)         \
		/* -> 0: a task can receive from it; -EPIPE: none can */      \
	/* limits of what the kernel has for a task and its descendants */    \
	C(1088, TASK_LIMIT, task_limit, TASK, READ)                           \
		/* PG_LIMIT_* -> EBX: used, ECX: limit */                     \
	C(1089, TASK_SET_LIMIT, task_set_limit, TASK, MANAGE)                 \
		/* PG_LIMIT_*, limit: at most the caller's own */             \
	/* reply handles */                                                   \
	C(1090, REPLY_CHECK, reply_check, REPLY, NONE)                        \
		/* -> 0: a caller waits for it; -ESRCH: none does */

#define PG_CALL_FIRST  1024

enum pagoda_call {
#define C(number, NAME, ...) PG_##NAME = number,
	PAGODA_CALLS(C)
#undef C
	PG_CALL_END
};

/* ---- rights -------------------------------------------------------------- */

#define RIGHT_NONE      0u
#define RIGHT_DUP       0x01u   /* HANDLE_DUP                                 */
#define RIGHT_TRANSFER  0x02u   /* may travel in a message                    */
#define RIGHT_SEND      0x04u   /* send, call; signal                         */
#define RIGHT_RECEIVE   0x08u   /* receive; wait                              */
#define RIGHT_READ      0x10u   /* memory, a task's memory; the system        */
#define RIGHT_WRITE     0x20u   /* a task's memory; the kernel's log          */
#define RIGHT_MANAGE    0x40u   /* kill, start; power off; make irq, io_ports */
#define RIGHT_MINT      0x80u   /* HANDLE_DUP with a badge                    */
#define RIGHTS_ALL      0xffu

#define BADGE_MAX       0x1fffffffu

/* Handles of the first program, in this order. */
#define PG_INIT_SYSTEM  1       /* the system, all rights                     */
#define PG_INIT_ARCHIVE 2       /* the boot archive, a memory object, if there
				   is one                                     */

/* ---- limits -------------------------------------------------------------- */

/*
 * What the kernel holds for a task counts for the task, for its maker, for the
 * maker's maker, and so on. A call that would go beyond a limit is -ENOMEM, or
 * -EAGAIN for tasks and threads. A page that would need one page table too many
 * ends the task. A task that makes others keeps the last eighth of each limit
 * for itself. A new task has the default limits, or its maker's if these are
 * lower. The first program has no limits.
 */
#define PG_LIMIT_TASKS    0     /* not started, running, dead                 */
#define PG_LIMIT_THREADS  1
#define PG_LIMIT_TABLES   2     /* page tables                                */
#define PG_LIMIT_AREAS    3     /* of address spaces; in steps of 32          */
#define PG_LIMIT_HANDLES  4     /* places in tables of handles                */
#define PG_LIMIT_OBJECTS  5     /* endpoints, notifications, replies, ...     */
#define PG_LIMIT_ARRAYS   6     /* bytes of the lists of pages: of shared
				 * memory, of memory that a device reaches    */
#define PG_LIMIT_DMA      7     /* pages of DMA_ALLOC                         */
#define PG_NR_LIMITS      8
#define PG_UNLIMITED      0xffffffffu

/* ---- messages ------------------------------------------------------------ */

#define IPC_NR_WORDS    6
#define IPC_EXTRAS      0x40000000u
#define IPC_KERNEL      0x20000000u

/* Kernel's messages: bits 0..15 the task's pid, 16..25 number, 26..28 kind. */
#define KMSG_PID(eax)     ((eax) & 0xffffu)
#define KMSG_NUMBER(eax)  ((eax) >> 16 & 0x3ffu)
#define KMSG_KIND(eax)    ((eax) >> 26 & 7u)

/*
 * KMSG_FAULT      to a pager: a page is touched for the first time.
 *                   words: address of the page, access (PROT_*)
 *                   reply: word 0 = 1 and extras with one page of the pager's
 *                   own memory (IPC_PAGES_GRANT: given away; without it both
 *                   have the page, copied when one of them writes); word 0 =
 *                   0: refused
 * KMSG_EXCEPTION  to a task's exception endpoint: the kernel cannot resolve it.
 *                   words: vector, error code, address (vector 14), EIP, ESP,
 *                   EFLAGS. CALLER_GET_REGS and _SET_REGS work.
 *                   reply: word 0 = 1: the thread goes on with its registers as
 *                   they are then; 0: the task is killed
 * KMSG_SYSCALL    to a task's personality: a call the kernel does not know.
 *                   number: KMSG_NUMBER; words: its six arguments
 *                   reply: word 0 is the result
 * KMSG_TASK_BEGAN, KMSG_TASK_ENDED to a personality. BEGAN: a task that belongs
 *                   to it runs, by a start, a fork or TASK_SET_PERSONALITY. It
 *                   comes before the task's first call. Word 0: the parent's
 *                   pid, or 0. ENDED: the task has ended, or has another
 *                   personality now. No reply. Both come in the order of the
 *                   events, and before any call: a fork is known before the
 *                   next call of the parent. No other task gets the number of a
 *                   task before its ENDED has been received
 * KMSG_NOTIFICATION  to a server that has bound a notification to its
 *                   endpoint: word 0 has the bits, now cleared. No pid, no
 *                   reply
 */
#define KMSG_FAULT        1
#define KMSG_EXCEPTION    2
#define KMSG_SYSCALL      3
#define KMSG_NOTIFICATION 4
#define KMSG_TASK_BEGAN   5
#define KMSG_TASK_ENDED   6

#define IPC_MAX_HANDLES 4

struct ipc_handle {
	uint32_t handle;
	uint32_t rights;        /* out: for the receiver; 0: all of this
				   handle's. in: the rights that came         */
};

#define IPC_MOVE         0x1u   /* handles: the sender's are closed           */
#define IPC_PAGES        0x2u   /* there is a range of pages                  */
#define IPC_PAGES_GRANT  0x4u   /* the sender loses them; without it: shared  */
#define IPC_NONBLOCK     0x8u   /* -EAGAIN if the partner does not wait       */
#define IPC_DEADLINE     0x10u  /* -ETIMEDOUT at `deadline`, by CLOCK         */

struct ipc_extras {
	uint32_t          flags;            /* IPC_*                          */
	uint32_t          nr_handles;
	struct ipc_handle handles[IPC_MAX_HANDLES];
	uint32_t          page_addr;        /* page-aligned                   */
	uint32_t          page_length;
	uint32_t          page_prot;        /* PROT_*: for the receiver; with
					       PROT_READ                      */
	uint32_t          unused;
	uint64_t          deadline;         /* ns                             */
};

/*
 * Each thread has one. `out` is what its _MSG calls send; a deadline is for the
 * whole call. `in` is what came with a message that had IPC_EXTRAS: nr_handles,
 * and IPC_PAGES in flags if pages came. A handle that does not fit into the
 * receiver's table is lost; the receiver sees handle 0 there.
 *
 * Pages come only to a receiver that wants them: at most window_length bytes, 0
 * for none. They come to `window`, in place of what is mapped there; 0: to any
 * address. IPC_BUFFER and each _MSG call read both, and they hold for all calls
 * until then. If a message has more pages, only its other parts come, and SEND
 * gives -E2BIG; pages that a reply grants are lost.
 *
 * Pages that came stay: whatever the sender unmaps, shortens or protects, the
 * receiver has all of them, with the rights of page_prot, and always with
 * PROT_READ.
 */
struct ipc_msg {
	struct ipc_extras out;
	uint32_t          window;            /* page-aligned                  */
	uint32_t          window_length;     /* whole pages; 0: none          */
	struct ipc_extras in;
};

/* ---- structures of calls ------------------------------------------------- */

struct task_start {
	uint32_t memory;        /* handle of a memory object: holds the image */
	uint32_t offset, length;        /* of an ELF file in it               */
	uint32_t args;          /* texts, one behind the other, each with its
				   0: argv[0], argv[1], ...                   */
	uint32_t args_length;
	uint32_t handles;       /* array of uint32_t: copied into the new task
				   as its handles 1, 2, ...; 0: none here.
				   Needs RIGHT_DUP or RIGHT_TRANSFER          */
	uint32_t nr_handles;    /* at most TASK_START_HANDLES                 */
	uint32_t priority;      /* 0: that of programs; at most the caller's  */
	uint32_t system;        /* 0; or the system handle with RIGHT_MANAGE:
				   any priority that a task can have          */
};

#define TASK_START_HANDLES  16
#define TASK_START_ARGS     4096     /* bytes of texts                        */

struct pg_regs {
	uint32_t ebx, ecx, edx, esi, edi, ebp, eax;
	uint32_t eip, eflags, esp;
	uint32_t vector, error, address;     /* why it stopped; cannot be set */
};

struct pg_task {
	uint32_t pid, parent, nr_threads, nr_handles;
	uint32_t rss_pages, total_pages;
	uint32_t zombie, state;              /* state: 'R', 'S', 'Z'; 'N': not
						started                       */
	uint64_t ran_ns;
	char     name[32];
	uint64_t serial;                     /* number since boot; no other
						task ever has it              */
	uint32_t kernel_kib;                 /* what the kernel holds for it  */
	uint32_t unused;
};

struct pg_mem {
	uint32_t page_size;
	uint32_t total_pages, free_pages;
	uint32_t lowmem_free_pages, highmem_free_pages;
	uint32_t nr_objects;                 /* kernel objects                */
};

struct pg_area {
	uint32_t start, end;
	uint32_t prot;                       /* PROT_*                        */
	uint32_t flags;                      /* MAP_SHARED, MAP_GROWSDOWN     */
	char     name[32];
};

#define PG_BAR_IO        0x1u   /* ports                                     */
#define PG_BAR_WIDE      0x2u
#define PG_BAR_PREFETCH  0x4u

struct pg_bar {
	uint64_t start, size;                /* size 0: none                  */
	uint32_t flags;                      /* PG_BAR_*                      */
	uint32_t unused;
};

#define PG_NR_BARS       6
#define PG_DEVICE_IOMMU  0x1u   /* bus addresses are translated              */
#define PG_DEVICE_MASTER 0x2u   /* it may use the bus by itself              */

struct pg_device {
	uint32_t vendor, device, class;
	uint32_t source_id;                  /* bus << 8 | slot << 3 |
						function                      */
	uint32_t irq;                        /* 0xff: none                    */
	uint32_t flags;                      /* PG_DEVICE_*                   */
	uint64_t mask;                       /* highest bus address           */
	struct pg_bar bar[PG_NR_BARS];
	/* Since it was opened: */
	uint32_t mapped, unmapped;           /* DMA_MAP's pieces of memory    */
	uint32_t bounced_pages;
	uint32_t copied_in, copied_out;      /* bytes, for these pages        */
	uint32_t refused;
	uint32_t blocked;                    /* accesses that the IOMMU blocked,
						of any device                 */
	uint32_t blocked_valid;              /* this device caused the last   */
	uint64_t blocked_bus;                /* ... at this address           */
};

/*
 * DMA_MAP pins the pages and says where the device finds them. The direction
 * says which side writes the data. The program finds what the device has
 * written after DMA_SYNC for the program, or after DMA_UNMAP. Until then the
 * buffer is the device's.
 *
 * If a DMA handle is closed, or the driver ends, the same happens as by
 * DMA_UNMAP. But the device may not have finished: it is kept off the bus
 * before its memory goes, until DEVICE_SET_MASK.
 */
#define PG_DMA_BOTH         0
#define PG_DMA_TO_DEVICE    1
#define PG_DMA_FROM_DEVICE  2

#define PG_DMA_LENGTH_MAX   0x400000u

#define PG_SEGMENT_BOUNCED  0x1u    /* it, or a part of it, is a copy        */

struct pg_segment {
	uint64_t bus;
	uint32_t length;
	uint32_t flags;                      /* PG_SEGMENT_*                  */
};

struct pg_page {
	uint32_t present, prot;
	uint32_t refs;                       /* how many entries map it       */
	uint32_t frame;                      /* number of the page frame      */
};
