// SPDX-License-Identifier: MIT
/*
 * monitor.c - the prompt inside the kernel
 *
 * WHAT     Reads a line, finds its command, runs the command, and survives what
 *          the command does.
 *
 * PICTURE  Three ways in, one loop:
 *
 *            `monitor` on the command line --> monitor_run() -- exit --> init
 *            `exit` of the user shell -------> monitor_enter()
 *            a panic, under `monitor` -------> after_panic(): polled, no
 *                                              interrupts, nothing else runs
 *
 * TERMS    caught   a command panicked, and the panic came back here
 *
 * RULES of monitor
 *          O1  a command runs under a trap for panics of its own thread: the
 *              report is printed, and the prompt comes again
 *          O2  interrupts, and the depth of preempt_disable(), are after a
 *              command as they were before
 *
 * ALGORITHM  While somebody types, the thread has the highest priority and
 *          never sleeps, so the machine stands still. A command runs with an
 *          ordinary priority: the self-tests expect that. A lock that a caught
 *          panic leaves behind stays locked. The next command that needs this
 *          lock panics too, and that panic is caught as well.
 *
 *          While a command runs, lines of LOG_INFO are shown but not kept: the
 *          dumps of mm/ are such lines, and `log` must still show the boot.
 *
 * LOCKING  None. The kernel has one monitor, and one thread runs it.
 * NOT HERE keys (terminal.c), editing (lineedit.c), the table (commands.c).
 */
#include "kernel/monitor/monitor.h"

#include <arch/irqflags.h>
#include <arch/machine.h>

#include "kernel/diag/log.h"
#include "kernel/diag/panic.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/monitor/terminal.h"
#include "kernel/sched/thread.h"
#include "lib/preempt.h"
#include "lib/printf.h"
#include "lib/string.h"

const struct boot_info *monitor_boot;
uint32_t monitor_seed;
unsigned monitor_console_level;
bool monitor_after_panic;

static bool interactive;     /* somebody sits at the console */
static bool leaving;

static void write_console(const char *text, size_t len)
{
	console_write(text, len);
}

struct line_editor monitor_line = {
	.write = write_console,
	.complete = monitor_complete,
	.prompt_columns = sizeof(MONITOR_PROMPT) - 1,
};

/* ---- one command ----------------------------------------------------- */

static void run(const struct monitor_command *command, unsigned argc,
		char *const argv[])
{
	if (argc - 1 < command->min || argc - 1 > command->max)
		say("usage: %s %s\n", command->name, command->args);
	else if (command->show)
		command->show();
	else
		(void)command->run(argv);
}

static const struct thread *commander;   /* runs the command */

static bool is_commander(void)
{
	return current_thread() == commander;
}

/* O1, O2. */
static void run_trapped(const struct monitor_command *command, unsigned argc,
			char *const argv[])
{
	static struct panic_trap trap;
	uint32_t depth = preempt_depth();
	irqflags_t flags = irq_save();

	commander = current_thread();
	trap.is_ours = is_commander;
	trap.report = true;
	panic_trap_set(&trap);
	if (!kernel_setjmp(&trap.env)) {
		irq_restore(flags);
		run(command, argc, argv);
		(void)irq_save();
	}
	panic_trap_set(NULL);
	preempt_set_depth(depth);
	irq_restore(flags);
	if (trap.caught)
		complain("The command '%s' panicked and was given up.",
			 command->name);
}

void monitor_run_line(char *text)
{
	const struct monitor_command *command = NULL;
	bool kept = log_keep_info(false);
	char *argv[WORDS_MAX];
	unsigned argc = words_split(text, argv);

	monitor_console_level = log_set_level(LOGLEVEL_DEFAULT);
	if (argc)
		command = command_find(monitor_commands, monitor_nr_commands,
				       argv[0]);
	if (argc > WORDS_MAX)
		say("too many words\n");
	else if (command)
		run_trapped(command, argc, argv);
	else if (argc)
		say("%.40s: no such command; `help` lists them\n", argv[0]);
	log_keep_info(kept);
	log_set_level(monitor_console_level);
}

/* ---- the loop -------------------------------------------------------- */

static void set_priority(unsigned priority)
{
	if (!monitor_after_panic)
		thread_set_priority(current_thread(), priority);
}

static enum line_result read_line(void)
{
	enum line_result result;
	static char prompt[sizeof(MONITOR_PROMPT) + 16];

	snprintf(prompt, sizeof(prompt), "%s%s%s", colour(COLOUR_PROMPT),
		 MONITOR_PROMPT, colour(COLOUR_PLAIN));
	monitor_line.prompt = prompt;
	line_begin(&monitor_line);
	do
		result = line_key(&monitor_line, terminal_key());
	while (result == LINE_MORE);
	return result;
}

static void loop(void)
{
	static char text[LINE_TEXT_MAX];

	leaving = false;
	while (!leaving) {
		enum line_result result;

		set_priority(THREAD_PRIORITIES - 1);
		result = read_line();
		set_priority(PRIORITY_KERNEL);
		if (result == LINE_END)
			leaving = true;
		if (result != LINE_DONE)
			continue;
		strscpy(text, monitor_line.text, sizeof(text));
		monitor_run_line(text);
	}
}

static void open(const char *what)
{
	terminal_open();
	terminal_query();
	say("%s `help` lists the commands.\n", what);
	loop();
}

static void after_panic(void)
{
	monitor_after_panic = true;
	open("The kernel has panicked: this is what is left of it.");
}

/* ---- public ---------------------------------------------------------- */

void monitor_leave(void)
{
	leaving = true;
}

int complain(const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say("%s%s%s\n", colour(COLOUR_ERROR), text, colour(COLOUR_PLAIN));
	return -EINVAL;
}

void monitor_init(const struct boot_info *boot, uint32_t seed, bool attended)
{
	monitor_boot = boot;
	monitor_seed = seed;
	interactive = attended;
}

void monitor_catch_panics(void)
{
	if (interactive)
		panic_set_hook(after_panic);
}

void monitor_run(void)
{
	open("This is the kernel's monitor.");
}

void monitor_enter(void)
{
	if (interactive)
		open("User mode has ended; this is the kernel's monitor.");
	machine_poweroff();
}
