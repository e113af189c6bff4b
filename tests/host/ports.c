// SPDX-License-Identifier: MIT
/*
 * ports.c (host) - a serial port and a keyboard controller that stall
 *
 * WHAT     Two chips behind I/O ports, and the suite that drives them through
 *          the kernel's drivers. If a wait was too short, its effect must not
 *          last for ever, and must not touch the other direction.
 *
 * PICTURE    uart.c --THR--> [ stalled? ] --> wire: `sent`
 *                   <--RBR-- to_receive
 *            ps2.c  --------> [ busy?    ]
 *                   <-------- scan_code
 *
 * SEE      arch/i386/platform/uart.c, U1 and U2; arch/i386/platform/ps2.c.
 */
#include <arch/io.h>
#include <arch/ps2.h>
#include <arch/uart.h>

#include "lib/string.h"
#include "tests/ktest.h"

SUITE(ports, NULL);

#define COM1_DATA     0x3f8
#define COM1_MCR      0x3fc
#define COM1_LSR      0x3fd
#define COM1_MSR      0x3fe
#define MCR_LOOPBACK  0x10
#define LSR_RECEIVED  0x01
#define LSR_SENT      0x60

#define PS2_DATA      0x60
#define PS2_STATUS    0x64
#define PS2_FULL      0x01
#define PS2_BUSY      0x02

#define FOR_EVER      UINT32_MAX

/* The 16550. stall: so many looks at LSR, until it takes a byte again. */
static uint32_t stall, looks;
static uint8_t mcr;
static int to_receive;        /* a byte, -1: none */
static char sent[256];
static size_t nr_sent;
static bool uart_is_there;

/* The 8042. */
static bool ps2_is_busy, ps2_is_there;
static int scan_code;

static uint8_t uart_lsr(void)
{
	uint8_t lsr = to_receive >= 0 ? LSR_RECEIVED : 0;

	looks++;
	if (!stall)
		return lsr | LSR_SENT;
	if (stall != FOR_EVER)
		stall--;
	return lsr;
}

/* In loopback OUT2, OUT1, RTS, DTR come back as DCD, RI, CTS, DSR. */
static uint8_t uart_msr(void)
{
	if (!(mcr & MCR_LOOPBACK))
		return 0;
	return (uint8_t)((mcr & 0x0c) << 4 | (mcr & 2) << 3 | (mcr & 1) << 5);
}

static uint8_t take(int *byte)
{
	uint8_t taken = (uint8_t)*byte;

	*byte = -1;
	return taken;
}

static uint8_t ps2_status(void)
{
	return (uint8_t)((scan_code >= 0 ? PS2_FULL : 0) |
			 (ps2_is_busy ? PS2_BUSY : 0));
}

uint8_t inb(uint16_t port)
{
	if (port == PS2_STATUS && ps2_is_there)
		return ps2_status();
	if (port == PS2_DATA && ps2_is_there)
		return take(&scan_code);
	if (!uart_is_there)
		return 0xff;
	switch (port) {
	case COM1_DATA:
		return take(&to_receive);
	case COM1_LSR:
		return uart_lsr();
	case COM1_MSR:
		return uart_msr();
	default:
		return 0;
	}
}

/* There is no chip with 32-bit ports. */
uint32_t inl(uint16_t port)
{
	return UINT32_MAX;
}

/* A byte for a full chip is lost, as on the wire. */
void outb(uint16_t port, uint8_t value)
{
	if (port == COM1_MCR)
		mcr = value;
	if (port != COM1_DATA || stall || nr_sent == sizeof(sent) - 1)
		return;
	if (mcr & MCR_LOOPBACK)
		to_receive = value;
	else
		sent[nr_sent++] = (char)value;
}

/* ---- the serial port ----------------------------------------------------- */

static void uart_setup(void)
{
	uart_is_there = true;
	stall = 0;
	to_receive = -1;
	REQUIRE(uart_init());
	uart_write("x", 1);   /* so that the last test's loss is told */
	nr_sent = 0;
	memset(sent, 0, sizeof(sent));
}

static void say(const char *text)
{
	uart_write(text, strlen(text));
}

KTEST(ports, a_reader_that_pauses_loses_nothing)
{
	uart_setup();
	say("one ");
	stall = 3000000;   /* in an emulator nine seconds */
	say("two ");
	say("three");
	EXPECT_STREQ(sent, "one two three");
}

KTEST(ports, a_reader_that_comes_back_is_told_what_is_lost)
{
	uart_setup();
	stall = FOR_EVER;
	say("0123456789");
	EXPECT_EQ(nr_sent, 0);
	stall = 0;
	say("back");
	EXPECT_STREQ(sent, "\r\n[serial: 10 bytes lost]\r\nback");
}

/* If each wait were long, the kernel would stand still for each byte. */
KTEST(ports, only_the_first_wait_in_a_row_is_long)
{
	uart_setup();
	stall = FOR_EVER;
	say("0");
	looks = 0;
	say("123456789");
	uart_drain();
	EXPECT(looks < 30);
	stall = 0;
	uart_drain();
	stall = 1000;
	say("patient");   /* U1: it was ready once */
	EXPECT_STREQ(sent, "\r\n[serial: 10 bytes lost]\r\npatient");
}

KTEST(ports, what_is_typed_is_heard_while_output_stalls)
{
	uart_setup();
	stall = FOR_EVER;
	say("lost");
	to_receive = 'x';
	EXPECT_EQ(uart_getc(), 'x');
	EXPECT_EQ(uart_getc(), -1);
	EXPECT(uart_is_present());
}

/* A boot loader may have filled the chip. */
KTEST(ports, a_port_that_stalls_at_boot_is_found)
{
	uart_setup();
	stall = FOR_EVER;
	EXPECT(uart_init());
	stall = 0;
	say("found");
	EXPECT_STREQ(sent, "found");
}

KTEST(ports, an_empty_bus_is_no_serial_port)
{
	uart_is_there = false;
	EXPECT(!uart_init());
	say("nobody");
	EXPECT_EQ(uart_getc(), -1);
}

/* ---- the keyboard controller --------------------------------------------- */

KTEST(ports, a_keyboard_that_was_late_at_boot_is_heard)
{
	ps2_is_there = true;
	ps2_is_busy = true;
	scan_code = -1;
	EXPECT(!ps2_init());
	ps2_is_busy = false;
	scan_code = 0x1e;
	EXPECT_EQ(ps2_getc(), 0x1e);
	EXPECT_EQ(ps2_getc(), -1);
}

KTEST(ports, an_empty_bus_is_no_keyboard)
{
	ps2_is_there = false;
	EXPECT(!ps2_init());
	EXPECT_EQ(ps2_getc(), -1);
}
