// SPDX-License-Identifier: MIT
/*
 * given.c - a program gives only what it has: rights, priorities, ports,
 *           rights of pages, badges; pages come only where they are wanted
 *
 * WHAT     Each way to give something, cell by cell: what the giver has, and
 *          what it wants to give.
 */
#include "tests/user/partner.h"
#include "user/lib/archive.h"

#define PAGODA_ONLY()  SKIP_IF(on_linux(), "Linux has no handles")

#define NR_RIGHTS        8u
#define PRIORITY_USER    8u     /* kernel/sched/thread.h */
#define PRIORITY_SERVER  16u

static uint32_t endpoint;

static bool has(uint32_t rights, uint32_t right)
{
	return (rights & right) == right;
}

/* A handle to the system with these rights. */
static uint32_t with_rights(uint32_t rights)
{
	return (uint32_t)handle_dup(PG_INIT_SYSTEM, rights, 0);
}

static void expect_cell(long result, long want, const char *what,
			uint32_t have, uint32_t give)
{
	if (result == want || (want > 0 && result > 0))
		return;
	utest_failures++;
	printf("    # %s: has 0x%x, gives 0x%x: %ld, not %ld\n", what, have,
	       give, result, want);
}

/* ---- handles ------------------------------------------------------------ */

UTEST(a_copy_has_rights_of_its_original_only)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	for (uint32_t have = 0; have <= RIGHTS_ALL; have += 5) {
		uint32_t handle = with_rights(have);

		for (uint32_t give = 0; give <= RIGHTS_ALL; give += 3) {
			long copy = handle_dup(handle, give, 0);

			expect_cell(copy, has(have, RIGHT_DUP | give) ? 1 :
				    -EPERM, "dup", have, give);
			if (copy > 0)
				handle_close((uint32_t)copy);
		}
		handle_close(handle);
	}
	EXPECT_EQ(handle_dup(PG_INIT_SYSTEM, RIGHTS_ALL + 1, 0), -EINVAL);
}

/* Answers each call with the rights of the handle that came, and closes it. */
static void serve_rights(void)
{
	struct words words;
	long from = ipc_receive(endpoint, &words);

	while (from >= 0) {
		words.w[0] = ipc_handle_rights(from);
		ipc_drop(from);
		from = ipc_reply_receive(endpoint, &words);
	}
	linux_exit_group(0);
}

static long start_server(void (*serve)(void))
{
	long pid;

	endpoint = (uint32_t)endpoint_create();
	ipc_init();
	flush();
	pid = utest_fork();
	if (!pid) {
		ipc_init();
		serve();
	}
	partner_drop_receiving(&endpoint);
	return pid;
}

static void end_server(long pid)
{
	long task = pg_call(PG_TASK_OPEN, PG_INIT_SYSTEM, pid, 0, 0, 0);
	int status = -1;

	pg_call(PG_TASK_KILL, (uint32_t)task, SIGKILL_NR, 0, 0, 0);
	EXPECT_EQ(linux_waitpid((int)pid, &status, 0), pid);
	EXPECT_EQ(status, SIGKILL_NR);
	handle_close((uint32_t)task);
	handle_close(endpoint);
}

UTEST(a_message_gives_rights_of_the_handle_only)
{
	long server;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	server = start_server(serve_rights);
	for (uint32_t have = 0; have <= RIGHTS_ALL; have += 5) {
		uint32_t handle = with_rights(have);

		for (uint32_t give = 0; give <= RIGHTS_ALL; give += 7) {
			struct words words = { { 0 } };
			long err;

			ipc_attach_handle(handle, give);
			err = ipc_call_msg(endpoint, &words);
			expect_cell(err, has(have, RIGHT_TRANSFER | give) ?
				    0 : -EPERM, "send", have, give);
			if (!err)
				expect_cell((long)words.w[0],
					    (long)(give ? give : have),
					    "sent", have, give);
		}
		handle_close(handle);
	}
	end_server(server);
}

UTEST(a_badge_needs_the_right_and_is_for_good)
{
	uint32_t original;
	long badged;

	PAGODA_ONLY();
	original = (uint32_t)endpoint_create();
	badged = handle_dup(original, RIGHT_SEND | RIGHT_DUP | RIGHT_MINT, 7);
	EXPECT(badged > 0);
	EXPECT_EQ(handle_dup((uint32_t)badged, RIGHT_SEND, 8), -EINVAL);
	handle_close((uint32_t)badged);
	badged = handle_dup(original, RIGHT_SEND | RIGHT_DUP, 0);
	EXPECT_EQ(handle_dup((uint32_t)badged, RIGHT_SEND, 8), -EPERM);
	handle_close((uint32_t)badged);
	handle_close(original);
}

/* ---- starts ------------------------------------------------------------- */

/*
 * A start that fails because of its image. The kernel looks at the image last:
 * the error is -ENOEXEC when everything before it is allowed.
 */
static long try_start(uint32_t priority, uint32_t system, uint32_t handle)
{
	static char args[] = "x";
	uint32_t handles[] = { handle };
	struct task_start how = {
		.memory = PG_INIT_ARCHIVE, .length = 16,
		.args = (uint32_t)args, .args_length = sizeof(args),
		.handles = (uint32_t)handles, .nr_handles = 1,
		.priority = priority, .system = system,
	};
	long task = pg_call(PG_TASK_CREATE, 0, (long)args, 0, 0, 0);
	long err = pg_call(PG_TASK_START, (uint32_t)task, (long)&how, 0, 0,
			   0);

	handle_close((uint32_t)task);
	return err;
}

UTEST(a_start_gives_the_starters_priority_at_most)
{
	uint32_t all, rest, other;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	all = with_rights(RIGHT_MANAGE);
	rest = with_rights(RIGHTS_ALL & ~RIGHT_MANAGE);
	other = (uint32_t)endpoint_create();
	for (uint32_t priority = 0; priority < 40; priority++) {
		long most = priority > PRIORITY_SERVER ? -EINVAL : -ENOEXEC;
		long own = most == -ENOEXEC && priority > PRIORITY_USER ?
			-EPERM : most;

		expect_cell(try_start(priority, all, 0), most, "system", 0,
			    priority);
		expect_cell(try_start(priority, 0, 0), own, "nothing", 0,
			    priority);
		expect_cell(try_start(priority, rest, 0), own,
			    "system without its right", 0, priority);
		expect_cell(try_start(priority, other, 0), own,
			    "another handle", 0, priority);
	}
	handle_close(all);
	handle_close(rest);
	handle_close(other);
}

UTEST(a_start_gives_handles_that_may_go_on)
{
	PAGODA_ONLY();
	NEEDS_SYSTEM();
	for (uint32_t have = 0; have <= RIGHTS_ALL; have++) {
		uint32_t handle = with_rights(have);

		expect_cell(try_start(0, 0, handle),
			    have & (RIGHT_DUP | RIGHT_TRANSFER) ? -ENOEXEC :
			    -EPERM, "start", have, have);
		handle_close(handle);
	}
}

/* ---- ports -------------------------------------------------------------- */

#define PORT  0x80      /* of no device: nothing is read or written */

UTEST(ports_are_given_with_the_right_to)
{
	uint32_t ports, task, open, look;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	ports = (uint32_t)pg_call(PG_IO_PORTS_CREATE, PG_INIT_SYSTEM, PORT, 1,
				  0, 0);
	task = (uint32_t)pg_call(PG_TASK_CREATE, 0, (long)"x", 0, 0, 0);
	open = (uint32_t)handle_dup(task, RIGHT_MANAGE, 0);
	look = (uint32_t)handle_dup(task, RIGHTS_ALL & ~RIGHT_MANAGE &
				    ~RIGHT_MINT, 0);
	for (uint32_t n = 0; n < NR_RIGHTS; n++) {
		static const uint32_t rights[NR_RIGHTS] = {
			0, RIGHT_DUP, RIGHT_TRANSFER,
			RIGHT_TRANSFER | RIGHT_DUP, RIGHT_MANAGE,
			RIGHT_MANAGE | RIGHT_DUP,
			RIGHT_MANAGE | RIGHT_TRANSFER,
			RIGHT_MANAGE | RIGHT_TRANSFER | RIGHT_DUP,
		};
		uint32_t have = rights[n];
		uint32_t mine = (uint32_t)handle_dup(ports, have, 0);
		bool give = has(have, RIGHT_MANAGE | RIGHT_TRANSFER);

		expect_cell(pg_call(PG_IO_PORTS_ALLOW, mine, open, 0, 0, 0),
			    give ? 0 : -EPERM, "ports to a task", have, 0);
		EXPECT_EQ(pg_call(PG_IO_PORTS_ALLOW, mine, look, 0, 0, 0),
			  -EPERM);
		handle_close(mine);
	}
	handle_close(ports);
	handle_close(task);
	handle_close(open);
	handle_close(look);
}

/* ---- tasks -------------------------------------------------------------- */

UTEST(who_may_look_at_the_system_may_look_at_tasks)
{
	uint32_t look, task, word = 1;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	look = with_rights(RIGHT_READ);
	task = (uint32_t)pg_call(PG_TASK_OPEN, look, linux_getpid(), 0, 0, 0);
	EXPECT((int32_t)task > 0);
	EXPECT_EQ(pg_call(PG_TASK_READ, task, (long)&word, (long)&word, 4, 0),
		  0);
	EXPECT_EQ(pg_call(PG_TASK_WRITE, task, (long)&word, (long)&word, 4,
			  0), -EPERM);
	EXPECT_EQ(pg_call(PG_TASK_KILL, task, SIGKILL_NR, 0, 0, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_VM_MAP, task, 0, PAGE, PROT_READ, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_TASK_SET_PERSONALITY, task, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_TASK_SET_EXCEPTIONS, task, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(handle_dup(task, RIGHT_READ, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_LOG_WRITE, look, (long)"x", 1, 0, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_POWER_OFF, look, 0, 0, 0, 0), -EPERM);
	EXPECT_EQ(pg_call(PG_IO_PORTS_CREATE, look, PORT, 1, 0, 0), -EPERM);
	handle_close(task);
	handle_close(look);
}

/* ---- pages -------------------------------------------------------------- */

static void take_pages(void)
{
	struct words words;
	long from;

	ipc_accept_pages(PAGE);
	do {
		from = ipc_receive(endpoint, &words);
		ipc_drop(from);
	} while (from >= 0);
	linux_exit_group(0);
}

UTEST(pages_are_given_with_rights_of_their_area_only)
{
	struct words words = { { 0 } };
	long server;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	server = start_server(take_pages);
	for (unsigned area = 0; area < 8; area++)
		for (unsigned give = 0; give < 8; give++) {
			char *page = map_flags(1, (int)area, MAP_PRIVATE);
			struct ipc_extras *out = &ipc_buffer()->out;
			long want = has(area, give) ? 0 : -EPERM;

			if (!(give & PROT_READ))
				want = -EINVAL;
			ipc_attach_pages(page, PAGE, give, false);
			expect_cell(message(PG_EAX(PG_SEND_MSG, endpoint),
					    &words), want, "pages", area,
				    give);
			out->flags = 0;
			linux_munmap(page, PAGE);
		}
	end_server(server);
}

/* ---- pages come only where they are wanted ------------------------------ */

enum { ROUND_WANT, ROUND_CALL, ROUND_SEND };

/* Takes as many pages as each message tells it to, and says how many came. */
static void take_what_is_wanted(void)
{
	struct words words = { { 0 } };
	size_t length;
	long from;

	for (;;) {
		from = ipc_receive(endpoint, &words);
		if (from < 0)
			linux_exit_group(1);
		if (words.w[0] == ROUND_WANT)
			ipc_accept_pages(words.w[1] * PAGE);
		words.w[1] = ipc_pages(from, &length) ? length : 0;
		ipc_drop(from);
		ipc_reply(0, &words);
	}
}

static void expect_pages(uint32_t want, uint32_t nr, bool grant, bool calls)
{
	struct words words = { { calls ? ROUND_CALL : ROUND_SEND } };
	char *pages = map_pages(nr);
	bool come = nr <= want;
	uint8_t present[8];
	long err;

	ipc_attach_pages(pages, nr * PAGE, PROT_READ, grant);
	err = message(PG_EAX(calls ? PG_CALL_MSG : PG_SEND_MSG, endpoint),
		      &words);
	ipc_buffer()->out.flags = 0;
	expect_cell(err, calls || come ? 0 : -E2BIG, "want", want, nr);
	if (calls)
		expect_cell((long)words.w[1], come ? (long)(nr * PAGE) : 0,
			    "came", want, nr);
	/* What did not come still belongs to the giver. */
	expect_cell(linux_mincore(pages, nr * PAGE, present),
		    grant && come ? -ENOMEM : 0, "left", want, nr);
	linux_munmap(pages, nr * PAGE);
}

UTEST(pages_come_only_to_whoever_wants_them)
{
	long server;

	PAGODA_ONLY();
	NEEDS_SYSTEM();
	server = start_server(take_what_is_wanted);
	for (uint32_t want = 0; want < 4; want++) {
		struct words words = { { ROUND_WANT, want } };

		/* The receiver has not said yet how many it wants: none. */
		if (want)
			EXPECT_EQ(ipc_call(endpoint, &words), 0);
		for (uint32_t nr = 1; nr < 4; nr++)
			for (unsigned how = 0; how < 4; how++)
				expect_pages(want, nr, how & 1, how & 2);
	}
	end_server(server);
}
