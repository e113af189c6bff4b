// SPDX-License-Identifier: MIT
/*
 * uart.c - the serial port COM1, polled
 *
 * WHAT     Sends and receives bytes by asking the chip until it is ready. No
 *          interrupts, no buffer of our own: what uart_write() was given is in
 *          the chip when it returns, so the last words of a dying kernel are
 *          never lost.
 *
 * PICTURE    CPU --outb--> THR --> shift register --> wire
 *                          |            |
 *            LSR bit 5: THR is empty    |
 *            LSR bit 6 (TEMT): both are empty, the wire is quiet
 *
 * TERMS    divisor  115200 / baud; 1 is the fastest
 *          DLAB     a bit of LCR: ports 0 and 1 are the divisor meanwhile
 *          stalled  the chip has taken no byte for SEND_READS reads
 *
 * RULES of uart
 *          U1  no time-out is for ever: a chip that takes bytes again is used
 *              again, from the first byte on that finds it ready
 *          U2  what goes wrong in one direction changes nothing in the other
 *
 * ALGORITHM  An emulator's chip stops when nobody reads what it has sent: a
 *          full pipe, a pager, Ctrl-S. So we wait, and long: whoever reads
 *          slowly loses nothing. Whoever does not read at all must not stop
 *          the kernel: after one long wait the chip is stalled, then there is
 *          one look a byte, and bytes that find the chip busy are dropped.
 *          When the chip takes bytes again, it is told first how many.
 *
 * COST     A byte: one poll and one write when the emulator is ready, as it
 *          mostly is; 87 us on a real wire.
 * NOT HERE who else sees the text (kernel/diag/console.c).
 * SEE      National PC16550D data sheet, 8.0 "Registers".
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/uart.h>

#include "lib/printf.h"

#define COM1  0x3f8

/*      register   offset from COM1                                          */
enum uart_register {
	UART_DATA    = 0,   /* read: received byte; write: THR; DLAB: divisor */
	UART_IER     = 1,   /* interrupt enable;          DLAB: divisor, high */
	UART_FCR     = 2,   /* FIFO control                                   */
	UART_LCR     = 3,   /* line control                                   */
	UART_MCR     = 4,   /* modem control                                  */
	UART_LSR     = 5,   /* line status                                    */
	UART_MSR     = 6,   /* modem status                                   */
};

#define LCR_8N1        0x03
#define LCR_DLAB       0x80
#define MCR_DTR_RTS    0x03
#define MCR_RTS_OUT2   0x0a
#define MCR_LOOPBACK   0x10   /* all that is sent comes back inside the chip */
#define MSR_CTS_DCD    0x90   /* RTS and OUT2, looped back                   */
#define MSR_LINES      0xf0
#define FCR_CLEAR_ON   0x07   /* FIFOs on, both emptied                      */
#define LSR_RECEIVED   0x01
#define LSR_THR_EMPTY  0x20
#define LSR_TEMT       0x40

/*
 * A chip that is there sends a full FIFO within 1.4 ms at 115200 baud. A port
 * read takes about 1 us on real hardware, 3 us in an emulator: some 10 s to
 * 30 s for a reader that pauses, a tenth of a second for a byte that does not
 * leave the chip.
 */
#define SEND_READS  10000000u
#define LOOP_READS  100000u

static bool present, stalled;
static unsigned nr_dropped;   /* bytes, since it is stalled */

static uint8_t uart_read(enum uart_register reg)
{
	return inb(COM1 + reg);
}

static void uart_set(enum uart_register reg, uint8_t value)
{
	outb(COM1 + reg, value);
}

/* Poll until one of the bits is set in LSR. Returns: false when it never is. */
static bool uart_wait(uint8_t bits, unsigned reads)
{
	while (reads--) {
		if (uart_read(UART_LSR) & bits)
			return true;
		cpu_relax();
	}
	return false;
}

/* U1. Returns: whether the chip has sent what the bits stand for. */
static bool wait_sent(uint8_t bits)
{
	stalled = !uart_wait(bits, stalled ? 1 : SEND_READS);
	return !stalled;
}

static void send(char c)
{
	if (wait_sent(LSR_THR_EMPTY))
		uart_set(UART_DATA, (uint8_t)c);
	else
		nr_dropped++;
}

/* Between what was sent before the stall and what comes behind it. */
static void tell_dropped(void)
{
	char text[48];
	int len = snprintf(text, sizeof(text), "\r\n[serial: %u bytes lost]"
			   "\r\n", nr_dropped);

	nr_dropped = 0;
	for (int i = 0; i < len; i++)
		send(text[i]);
}

static void uart_putc(char c)
{
	if (nr_dropped && wait_sent(LSR_THR_EMPTY))
		tell_dropped();
	send(c);
}

/* Answers at once, whatever still waits to be sent. */
static bool lines_loop_back(void)
{
	uint8_t lines;

	uart_set(UART_MCR, MCR_RTS_OUT2 | MCR_LOOPBACK);
	lines = uart_read(UART_MSR) & MSR_LINES;
	uart_set(UART_MCR, MCR_DTR_RTS);
	return lines == MSR_CTS_DCD;
}

bool uart_init(void)
{
	uart_set(UART_IER, 0);
	uart_set(UART_LCR, LCR_DLAB);
	uart_set(UART_DATA, 1);              /* divisor: 115200 baud */
	uart_set(UART_IER, 0);
	uart_set(UART_LCR, LCR_8N1);
	uart_set(UART_FCR, FCR_CLEAR_ON);
	uart_set(UART_MCR, MCR_DTR_RTS);

	/* An empty bus reads 0xff, which would look ready for ever. */
	present = uart_read(UART_LSR) != 0xff &&
		  (lines_loop_back() || uart_loopback_test(0xae));
	return present;
}

void uart_poll_only(void)
{
	if (present)
		uart_set(UART_IER, 0);
}

bool uart_is_present(void)
{
	return present;
}

bool uart_loopback_test(uint8_t byte)
{
	bool ok;

	/* What is still in the FIFO must reach the wire, not the loop. */
	uart_drain();
	uart_set(UART_MCR, MCR_DTR_RTS | MCR_LOOPBACK);
	uart_set(UART_DATA, byte);
	ok = uart_wait(LSR_RECEIVED, LOOP_READS) &&
	     uart_read(UART_DATA) == byte;
	uart_set(UART_MCR, MCR_DTR_RTS);
	return ok;
}

void uart_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len && present; i++) {
		if (text[i] == '\n')
			uart_putc('\r');
		uart_putc(text[i]);
	}
}

void uart_drain(void)
{
	if (present)
		(void)wait_sent(LSR_TEMT);
}

int uart_getc(void)
{
	if (!present || !(uart_read(UART_LSR) & LSR_RECEIVED))
		return -1;
	return uart_read(UART_DATA);
}
