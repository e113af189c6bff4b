// SPDX-License-Identifier: MIT
/*
 * uart.c - the serial port COM1, polled
 *
 * WHAT     Sends and receives bytes: asks the chip until it is ready. There are
 *          no interrupts and no buffer. When uart_write() returns, the chip has
 *          the bytes: so the last message of a panic is never lost.
 *
 * PICTURE    CPU --outb--> THR --> shift register --> wire
 *                          |            |
 *            LSR bit 5: THR is empty    |
 *            LSR bit 6 (TEMT): both are empty, the wire is quiet
 *
 * TERMS    divisor  115200 / baud; 1 is the fastest
 *          DLAB     a bit of LCR: while it is set, ports 0 and 1 are the
 *                   divisor
 *          stalled  the chip has taken no byte for SEND_READS reads
 *
 * RULES of uart
 *          U1  no time-out is for ever: when the chip takes bytes again, it
 *              gets bytes again
 *          U2  an error in one direction changes nothing in the other
 *
 * ALGORITHM  The chip of an emulator stops when its output is not read: a full
 *          pipe, a pager, Ctrl-S. So the kernel waits long: a slow reader loses
 *          nothing. But a missing reader must not stop the kernel. After one
 *          long wait the chip is stalled. From then on the kernel looks once
 *          for each byte, and drops the byte if the chip is busy. When the chip
 *          takes bytes again, the number of dropped bytes is sent first.
 *
 * COST     A byte: one poll and one write if the emulator is ready, and it
 *          mostly is; 87 us on a real wire.
 * NOT HERE other places that get the text (kernel/diag/console.c).
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
#define MCR_LOOPBACK   0x10   /* sent bytes come back inside the chip        */
#define MSR_CTS_DCD    0x90   /* RTS and OUT2, looped back                   */
#define MSR_LINES      0xf0
#define FCR_CLEAR_ON   0x07   /* FIFOs on, both emptied                      */
#define LSR_RECEIVED   0x01
#define LSR_THR_EMPTY  0x20
#define LSR_TEMT       0x40

/*
 * A chip sends a full FIFO within 1.4 ms at 115200 baud. A port read takes
 * about 1 us on real hardware and 3 us in an emulator. So the kernel waits 10 s
 * to 30 s for a reader, and a tenth of a second for a byte inside the chip.
 */
#define SEND_READS  10000000u
#define LOOP_READS  100000u

static bool present, stalled;
static unsigned nr_dropped;   /* bytes, since the chip is stalled */

static uint8_t uart_read(enum uart_register reg)
{
	return inb(COM1 + reg);
}

static void uart_set(enum uart_register reg, uint8_t value)
{
	outb(COM1 + reg, value);
}

/* Poll until one of the bits is set in LSR. Returns: false after a time-out. */
static bool uart_wait(uint8_t bits, unsigned reads)
{
	while (reads--) {
		if (uart_read(UART_LSR) & bits)
			return true;
		cpu_relax();
	}
	return false;
}

/* U1. Returns: whether one of the bits is set in LSR. */
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

/* After a stall, first say how many bytes are missing here. */
static void uart_putc(char c)
{
	char text[48];
	int len = 0;

	if (nr_dropped && wait_sent(LSR_THR_EMPTY)) {
		len = snprintf(text, sizeof(text),
			       "\r\n[serial: %u bytes lost]\r\n", nr_dropped);
		nr_dropped = 0;
	}
	for (int i = 0; i < len; i++)
		send(text[i]);
	send(c);
}

/* A quick test: it need not wait until earlier bytes have been sent. */
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

	/* An empty bus reads 0xff: this would look ready for ever. */
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

	/* Bytes in the FIFO must reach the wire, not the loop. */
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
