// SPDX-License-Identifier: MIT
/*
 * terminal.c - where the monitor's keys come from and its text goes
 *
 * WHAT     Polls the serial port and the keyboard, one byte at a time.
 *
 * PICTURE    uart_getc() ---------------------------+
 *            ps2_getc() -> scancode_decode() -> text +-> key_decode() -> key
 *
 * ALGORITHM  If there is no byte, the CPU halts until the next interrupt, at
 *          most a tick later; the chip's queue of 16 bytes holds what comes in
 *          this time. Other threads do not run: a machine that somebody looks
 *          at stands still. After a panic there are no interrupts, so the loop
 *          polls without a pause.
 *
 * LOCKING  One thread runs the monitor.
 * NOT HERE what a key does (lineedit.c).
 */
#include "kernel/monitor/terminal.h"

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/ps2.h>
#include <arch/uart.h>

#include "kernel/monitor/keys.h"
#include "kernel/monitor/scancode.h"
#include "lib/string.h"

static struct key_decoder serial, local;   /* each has its own sequences */
static struct keyboard keyboard;
static const char *typed = "";             /* of `local`, not yet decoded */
static bool colours;

static const char *const colour_sequences[NR_COLOURS] = {
#define C(name, parameters) [name] = "\x1b[" parameters "m",
	COLOURS(C)
#undef C
};

void terminal_open(void)
{
	uart_poll_only();
	(void)ps2_init();
	serial = (struct key_decoder){ 0 };
	local = (struct key_decoder){ 0 };
	keyboard = (struct keyboard){ 0 };
	typed = "";
}

/* One byte of either device. Returns: a key, KEY_NONE, or -1: no byte. */
static int poll(void)
{
	int byte = uart_getc(), code;

	if (byte >= 0)
		return key_decode(&serial, (uint8_t)byte);
	if (!*typed) {
		code = ps2_getc();
		if (code < 0)
			return -1;
		typed = scancode_decode(&keyboard, (uint8_t)code);
	}
	return *typed ? key_decode(&local, (uint8_t)*typed++) : KEY_NONE;
}

int terminal_key(void)
{
	for (;;) {
		int key = poll();

		if (key == KEY_REPORT)
			colours = true;
		else if (key > 0)
			return key;
		else if (key < 0 && irqs_disabled())
			cpu_relax();
		else if (key < 0)
			cpu_idle();
	}
}

void terminal_set_colours(bool on)
{
	colours = on;
}

bool terminal_has_colours(void)
{
	return colours;
}

void terminal_query(void)
{
	/* The screen cannot answer, and would show the sequence. */
	uart_write(TERMINAL_QUERY, sizeof(TERMINAL_QUERY) - 1);
}

const char *colour(enum colour which)
{
	return colours ? colour_sequences[which] : "";
}
