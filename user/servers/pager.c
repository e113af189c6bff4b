// SPDX-License-Identifier: MIT
/*
 * pager.c - a pager outside the kernel: it decides what a page holds
 *
 * WHAT     A program names this server as the pager of an area, and gets pages
 *          in which each word is its own address. The server prints a line for
 *          each page.
 *
 * PICTURE    client touches 0x40001234
 *               kernel: no page, the area has a pager
 *                  message: pid, 0x40001000, write  -->  pager
 *                                                        fills its own page
 *                  the page, given away             <--  reply
 *               kernel: maps it, client goes on
 *
 * HANDLES  1: the name server; 2: its endpoint, "pager".
 * SEE      kernel/uapi/pagoda.h KMSG_FAULT; user/shell/demo.c, its client.
 */
#include "lib/errno.h"
#include "user/lib/console.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define PAGE        4096u
#define PAGE_WORDS  (PAGE / 4)

static uint32_t served;

static const char *access_name(uint32_t access)
{
	return access & PROT_WRITE ? "write" :
	       access & PROT_EXEC ? "execute" : "read";
}

/* Returns: whether a page goes with the answer. */
static bool serve_fault(long received, struct words *words)
{
	uint32_t addr = words->w[0] & ~(PAGE - 1);
	uint32_t *page = pages_alloc(PAGE);

	if (!page)
		return false;
	for (uint32_t i = 0; i < PAGE_WORDS; i++)
		page[i] = addr + 4 * i;
	printf("pager: pid %u, %s of page 0x%08x\n",
	       (unsigned)KMSG_PID(received), access_name(words->w[1]), addr);
	ipc_attach_pages(page, PAGE, PROT_READ | PROT_WRITE, true);
	served++;
	return true;
}

static void serve(long received, struct words *words)
{
	if (received & IPC_KERNEL)
		words->w[0] = KMSG_KIND(received) == KMSG_FAULT &&
			serve_fault(received, words);
	else
		words->w[0] = words->w[0] == PAGER_COUNT ? served :
			(uint32_t)-ENOSYS;
}

int main(int argc, char **argv, char **envp)
{
	struct words words;
	long received;

	ipc_init();
	if (console_connect() < 0)
		return 1;
	received = ipc_receive(HANDLE_ENDPOINT, &words);
	while (received >= 0) {
		ipc_drop(received);
		serve(received, &words);
		received = ipc_serve(HANDLE_ENDPOINT, &words);
	}
	return 1;
}
