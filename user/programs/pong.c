// SPDX-License-Identifier: MIT
/*
 * pong.c - answers every message with the same words, until told to end
 *
 * WHAT     The other side of the shell's `pingpong`: a second address space.
 * HANDLES  1: the name server; 2: an endpoint, to receive.
 */
#include "user/lib/protocol.h"
#include "user/lib/start.h"

#define ENDPOINT  HANDLE_FIRST_OWN

int main(int argc, char **argv, char **envp)
{
	struct words words;
	long received = ipc_receive(ENDPOINT, &words);

	while (received >= 0 && words.w[0] != PONG_END)
		received = ipc_reply_receive(ENDPOINT, &words);
	if (received >= 0)
		ipc_reply(0, &words);
	return 0;
}
