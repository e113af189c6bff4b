// SPDX-License-Identifier: MIT
/*
 * ipc.c - the functions of ipc.h that are not inline
 *
 * RULES    `out` of the buffer is filled only between ipc_attach_*() and the
 *          call that sends it: nothing is sent twice.
 * LOCKING  None: only one thread of a program sends extras, the owner of this
 *          buffer.
 */
#include "user/lib/ipc.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "user/lib/linux.h"

#define PAGE  4096u

#define CPUID_EDX_SEP  (1u << 11)

static struct ipc_msg buffer __aligned(64);
static bool buffer_known;

static long message_first(uint32_t eax, struct words *words)
{
	message = cpu_has_sysenter() ? message_sysenter : message_int;
	return message(eax, words);
}

message_fn message = message_first;

bool cpu_has_sysenter(void)
{
	uint32_t eax = 1, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx & CPUID_EDX_SEP;
}

void ipc_init(void)
{
	pg_call(PG_IPC_BUFFER, 0, (long)&buffer, 0, 0, 0);
	buffer_known = true;
}

struct ipc_msg *ipc_buffer(void)
{
	if (!buffer_known)
		ipc_init();
	return &buffer;
}

static void out_clear(void)
{
	buffer.out.flags = 0;
	buffer.out.nr_handles = 0;
}

static long message_with_extras(uint32_t eax, struct words *words)
{
	long result;

	ipc_buffer();
	result = message(eax, words);
	out_clear();
	return result;
}

long ipc_call_msg(uint32_t endpoint, struct words *words)
{
	return message_with_extras(PG_EAX(PG_CALL_MSG, endpoint), words);
}

long ipc_reply_receive_msg(uint32_t endpoint, struct words *words)
{
	return message_with_extras(PG_EAX(PG_REPLY_RECEIVE_MSG, endpoint),
				   words);
}

long ipc_reply_msg(uint32_t reply, struct words *words)
{
	return message_with_extras(PG_EAX(PG_REPLY_MSG, reply), words);
}

long ipc_serve(uint32_t endpoint, struct words *words)
{
	long received = ipc_reply_receive_msg(endpoint, words);

	if (received >= 0 || received == -EPIPE || received == -EINTR)
		return received;
	words->w[0] = (uint32_t)received;
	return ipc_reply_receive(endpoint, words);
}

void ipc_accept_pages(size_t length)
{
	buffer.window_length = ALIGN_UP(length, PAGE);
	ipc_init();
}

void ipc_attach_handle(uint32_t handle, uint32_t rights)
{
	struct ipc_extras *out = &ipc_buffer()->out;

	if (out->nr_handles < IPC_MAX_HANDLES)
		out->handles[out->nr_handles++] =
			(struct ipc_handle){ handle, rights };
}

void ipc_attach_pages(const void *addr, size_t length, unsigned prot,
		      bool grant)
{
	struct ipc_extras *out = &ipc_buffer()->out;

	out->flags |= IPC_PAGES | (grant ? IPC_PAGES_GRANT : 0);
	out->page_addr = (uint32_t)(uintptr_t)addr;
	out->page_length = ALIGN_UP(length, PAGE);
	out->page_prot = prot;
}

void *ipc_pages(long received, size_t *length)
{
	if (received < 0 || !(received & IPC_EXTRAS) ||
	    !(buffer.in.flags & IPC_PAGES))
		return NULL;
	*length = buffer.in.page_length;
	return (void *)(uintptr_t)buffer.in.page_addr;
}

static bool came_with_handle(long received)
{
	return received >= 0 && received & IPC_EXTRAS && buffer.in.nr_handles;
}

uint32_t ipc_handle_rights(long received)
{
	return came_with_handle(received) ? buffer.in.handles[0].rights : 0;
}

uint32_t ipc_take_handle(long received)
{
	uint32_t handle;

	if (!came_with_handle(received))
		return 0;
	handle = buffer.in.handles[0].handle;
	buffer.in.handles[0].handle = 0;
	return handle;
}

void ipc_drop(long received)
{
	size_t length;
	void *pages = ipc_pages(received, &length);

	if (pages)
		pages_free(pages, length);
	if (received < 0 || !(received & IPC_EXTRAS))
		return;
	for (uint32_t i = 0; i < buffer.in.nr_handles; i++) {
		if (buffer.in.handles[i].handle)
			handle_close(buffer.in.handles[i].handle);
	}
}

void *pages_alloc(size_t length)
{
	void *pages = linux_mmap(NULL, ALIGN_UP(length, PAGE),
				 PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return IS_ERROR(pages) ? NULL : pages;
}

void pages_free(void *pages, size_t length)
{
	linux_munmap(pages, ALIGN_UP(length, PAGE));
}

long notification_wait(uint32_t notification, uint32_t mask,
		       uint64_t deadline, uint32_t *bits)
{
	struct words words = { { mask, (uint32_t)deadline,
				 (uint32_t)(deadline >> 32) } };
	long result = message_int(PG_EAX(PG_NOTIFICATION_WAIT, notification),
				  &words);

	*bits = words.w[0];
	return result;
}

uint64_t clock_ns(void)
{
	struct words words = { { 0 } };

	message_int(PG_EAX(PG_CLOCK, 0), &words);
	return (uint64_t)words.w[1] << 32 | words.w[0];
}
