// SPDX-License-Identifier: MIT
/*
 * shell.h - the commands of the shell
 *
 * WHAT     A command has the words of its line: argv[0] is its name, argv[argc]
 *          is NULL. It returns 0 when it has succeeded.
 */
#pragma once

#include "lib/compiler.h"

typedef int command_fn(int argc, char **argv);

/* main.c */
command_fn cmd_help, cmd_exit, cmd_sh;

/* look.c: files and the state of the system */
command_fn cmd_ls, cmd_cat, cmd_ps, cmd_free, cmd_maps, cmd_names;

/* demo.c: memory and messages at work */
command_fn cmd_cow, cmd_pager, cmd_pingpong;

/* run.c: any other command is a program of the boot archive */
command_fn run_program;

/* The system, to read: look.c asks it about tasks and memory. */
#define SHELL_SYSTEM  2

/* The file server, which gives images through this handle. */
#define SHELL_FILES   3

/* init, which powers off if asked through this handle. */
#define SHELL_INIT    4

/* The console, which obeys CONSOLE_FOREGROUND through this handle. */
#define SHELL_CONSOLE 5
