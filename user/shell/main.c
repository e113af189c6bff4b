// SPDX-License-Identifier: MIT
/*
 * main.c - the shell: a line, its words, a command
 *
 * WHAT     Reads lines from the console server, or from a file of the boot
 *          archive; it prints each line of a file before it runs the line.
 *          `sh demo` is a command of this shell: another shell would have no
 *          handles. Blanks separate words; quotes of both kinds keep blanks. A
 *          line that begins with # is a comment. `busybox sh` can do more.
 *
 * HANDLES  1: the name server; 2: the system, to read; 3: the file server, to
 *          start programs; 4: init, to power off; 5: the console, as leader
 *          of the session.
 * NOT HERE the commands (look.c, demo.c, run.c).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/files.h"
#include "user/lib/linux.h"
#include "user/lib/malloc.h"
#include "user/lib/names.h"
#include "user/lib/start.h"
#include "user/lib/stdio.h"
#include "user/shell/shell.h"

#define LINE_MAX   256
#define WORDS_MAX  32
#define DEPTH_MAX  8

/*      name      function      arguments        what it does               */
#define COMMANDS(C)                                                          \
	C("help",     cmd_help,     "",          "this list")                \
	C("ls",       cmd_ls,       "",          "files of the boot archive") \
	C("cat",      cmd_cat,      "FILE",      "what a file holds")        \
	C("ps",       cmd_ps,       "",          "tasks")                    \
	C("free",     cmd_free,     "",          "memory of the machine")    \
	C("maps",     cmd_maps,     "[PID]",     "areas of an address space") \
	C("names",    cmd_names,    "",          "who can be sent messages") \
	C("cow",      cmd_cow,      "",          "fork, and who shares what") \
	C("pager",    cmd_pager,    "",          "pages from another task")  \
	C("pingpong", cmd_pingpong, "[TIMES]",   "messages there and back")  \
	C("sh",       cmd_sh,       "FILE ...",  "run the lines of a file")  \
	C("exit",     cmd_exit,     "",          "to the kernel's monitor")

static const struct {
	const char *name;
	command_fn *fn;
	const char *arguments, *what;
} commands[] = {
#define C(name, fn, arguments, what) { name, fn, arguments, what },
	COMMANDS(C)
#undef C
};

int cmd_help(int argc, char **argv)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		printf("%-8s %-8s %s\n", commands[i].name,
		       commands[i].arguments, commands[i].what);
	printf("%-8s %-8s %s\n", "PROGRAM", "...",
	       "runs it from the archive: `hello`, `busybox echo hi`");
	return 0;
}

/* To the kernel's monitor if there is one; only init has the right to do it. */
int cmd_exit(int argc, char **argv)
{
	struct words words = { { INIT_POWER_OFF, 1 } };

	console_drain();
	ipc_call(SHELL_INIT, &words);
	printf("exit: init does not answer\n");
	return 1;
}

/* In place. Returns: how many words; -1: a quote is not closed. */
static int split(char *line, char **argv)
{
	int argc = 0;
	char *out = line;

	for (;;) {
		char quote = 0;

		while (*line == ' ' || *line == '\t')
			line++;
		if (!*line || argc == WORDS_MAX)
			break;
		argv[argc++] = out;
		for (; *line && (quote || (*line != ' ' && *line != '\t'));
		     line++) {
			if (*line == quote)
				quote = 0;
			else if (!quote && (*line == '"' || *line == '\''))
				quote = *line;
			else
				*out++ = *line;
		}
		if (quote)
			return -1;
		if (*line)
			line++;
		*out++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static void run_line(char *line)
{
	char *argv[WORDS_MAX + 1];
	int argc = split(line, argv);

	if (argc < 0)
		printf("sh: a quote is not closed\n");
	if (argc <= 0 || argv[0][0] == '#')
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, argv[0])) {
			commands[i].fn(argc, argv);
			return;
		}
	}
	run_program(argc, argv);
}

static int run_script(const char *path)
{
	struct file_info info;
	char *text, *line, *end;
	long n;

	if (file_open(path, &info) < 0 || !(text = malloc(info.size + 1))) {
		printf("sh: %s: cannot be read\n", path);
		return 1;
	}
	n = file_read(info.number, 0, text, info.size);
	text[n < 0 ? 0 : n] = '\0';
	for (line = text; *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		else
			end = line + strlen(line);
		printf("$ %s\n", line);
		run_line(line);
	}
	free(text);
	return 0;
}

/* The depth is limited: a file may run itself, or two may run each other. */
int cmd_sh(int argc, char **argv)
{
	static unsigned depth;
	int err = 0;

	if (argc < 2)
		printf("sh: this is the shell; `sh FILE` runs a file's lines\n");
	if (argc > 1 && depth == DEPTH_MAX) {
		printf("sh: %s: files that run files, too deep\n", argv[1]);
		return 1;
	}
	depth++;
	for (int i = 1; i < argc; i++)
		err |= run_script(argv[i]);
	depth--;
	return err;
}

/*
 * Another program may start a shell, but cannot give it the handles that init
 * gives. The message goes to the kernel's log: there is no console yet.
 */
static bool has_own_handles(void)
{
	static const char text[] =
		"sh: without the handles that init gives there is no shell\n";
	struct pg_mem mem;

	if (!pg_call(PG_MEM_INFO, SHELL_SYSTEM, (long)&mem, 0, 0, 0) &&
	    !endpoint_check(SHELL_FILES) && !endpoint_check(SHELL_INIT) &&
	    !endpoint_check(SHELL_CONSOLE))
		return true;
	linux_write(1, text, sizeof(text) - 1);
	return false;
}

int main(int argc, char **argv, char **envp)
{
	static char line[LINE_MAX];
	char welcome[] = "cat welcome";

	if (!has_own_handles())
		return 1;
	console_use(SHELL_CONSOLE);
	files_use(SHELL_FILES);
	if (argc > 1)
		cmd_sh(argc, argv);
	run_line(welcome);
	for (;;) {
		puts("$ ");
		if (console_read_line(line, sizeof(line)) < 0)
			break;
		run_line(line);
	}
	printf("exit\n");
	return cmd_exit(0, NULL);
}
