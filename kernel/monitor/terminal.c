// SPDX-License-Identifier: MIT
/*
 * terminal.c - where the monitor's keys come from and its text goes
 *
 * WHAT     Polls the serial port and the keyboard, one byte at a time.
 *
 * PICTURE    uart_getc() ---------------------------+
 *            ps2_getc() -> scancode_decode() -> text +-> key_decode() -> key
 *
 * ALGORITHM  While nothing comes the CPU halts until the next interrupt, which
 *          is at most a tick away: the chip's queue of 16 bytes bridges it. It
 *          does not give the CPU to other threads: a machine that is looked at
 *          stands still. After a panic there are no interrupts; then it polls
 *          without a pause.
 *
 * LOCKING  One thread runs the monitor.
 * NOT HERE what is done with a key (lineedit.c).
 */
#include "kernel/monitor/terminal.h"

#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/ps2.h>
#include <arch/uart.h>

#include "kernel/monitor/keys.h"
#include "kernel/monitor/scancode.h"
#include "lib/string.h"

static struct key_decoder serial, local;   /* a sequence never mixes two */
static struct keyboard keyboard;
static const char *typed = "";             /* of the keyboard, not yet read */
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

/* Each returns a key, or KEY_NONE; *came: there may be more at once. */
static int poll_local(bool *came)
{
	if (!*typed) {
		int code = ps2_getc();

		if (code < 0)
			return KEY_NONE;
		*came = true;
		typed = scancode_decode(&keyboard, (uint8_t)code);
	}
	return *typed ? key_decode(&local, (uint8_t)*typed++) : KEY_NONE;
}

static int poll_serial(bool *came)
{
	int byte = uart_getc();

	if (byte < 0)
		return KEY_NONE;
	*came = true;
	return key_decode(&serial, (uint8_t)byte);
}

int terminal_key(void)
{
	bool polled = irqs_disabled();

	for (;;) {
		bool came = false;
		int key = poll_serial(&came);

		if (!key)
			key = poll_local(&came);
		if (key == KEY_REPORT)
			colours = true;
		else if (key)
			return key;
		if (came || *typed)
			continue;
		if (polled)
			cpu_relax();
		else
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
	/* Not to the screen: it would show the sequence, and cannot answer. */
	uart_write(TERMINAL_QUERY, sizeof(TERMINAL_QUERY) - 1);
}

const char *colour(enum colour which)
{
	return colours ? colour_sequences[which] : "";
}
