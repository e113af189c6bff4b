// SPDX-License-Identifier: MIT
/*
 * badclient.c - sends nonsense to every server; each must survive it
 *
 * WHAT     Random operations, arguments, handles and pages, with a seed. What a
 *          server would obey is not sent: printing, reading the console,
 *          waiting for a name, taking names.
 * USAGE    badclient [MESSAGES [SEED]]
 */
#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"

#define PAGE      4096u
#define MESSAGES  1000u

static const char *const servers[] = {
	"console", "files", "pager", "linux", "init", "names",
};

static struct rng rng;

/* Would this server do what the operation asks for? */
static bool obeyed(const char *server, uint32_t op)
{
	if (!strcmp(server, "console"))
		return (op & 0xff) < CONSOLE_DRAIN ||
		       (op & 0xff) == CONSOLE_TRY;
	if (!strcmp(server, "names"))
		return op == NAMES_REGISTER || op == NAMES_LOOKUP;
	return false;
}

static uint32_t random_word(void)
{
	uint32_t value = rng_next(&rng);

	switch (rng_below(&rng, 4)) {
	case 0:  return value & 7;
	case 1:  return value & 0xff;
	case 2:  return 0 - (value & 0xff);
	default: return value;
	}
}

static void attach(uint32_t endpoint, char *page)
{
	uint32_t choice = rng_below(&rng, 8);

	if (choice & 1)
		ipc_attach_handle(endpoint, 0);
	if (choice & 2)
		ipc_attach_handle(endpoint, RIGHT_SEND);
	if (choice == 4)
		ipc_attach_pages(page, PAGE, PROT_READ, false);
}

static void send(const char *name, uint32_t server, uint32_t endpoint,
		 char *page)
{
	struct words words;
	long received;

	do {
		for (int i = 0; i < IPC_NR_WORDS; i++)
			words.w[i] = random_word();
	} while (obeyed(name, words.w[0]));
	for (uint32_t i = 0; i < PAGE; i += 64)
		memset(page + i, (int)rng_next(&rng), 64);
	attach(endpoint, page);
	received = ipc_call_msg(server, &words);
	if (received == -EPIPE)
		printf("badclient: %s is dead\n", name);
	ipc_drop(received);
}

static uint32_t argument(int argc, char **argv, int i, uint32_t otherwise)
{
	uint64_t value;

	return i < argc && !parse_u64(argv[i], &value) ? (uint32_t)value :
		otherwise;
}

int main(int argc, char **argv, char **envp)
{
	uint32_t messages = argument(argc, argv, 1, MESSAGES);
	char *page = pages_alloc(PAGE);
	long endpoint = endpoint_create();

	rng_init(&rng, argument(argc, argv, 2, 1));
	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
		long server = strcmp(servers[i], "names") ?
			names_try(servers[i]) : (long)HANDLE_NAMES;

		for (uint32_t n = 0; server > 0 && n < messages; n++)
			send(servers[i], (uint32_t)server, (uint32_t)endpoint,
			     page);
		printf("badclient: %s: %u messages\n", servers[i], messages);
	}
	return 0;
}
