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
 *
 * COST     A byte: one poll and one write when the emulator is ready, as it
 *          always is; 87 us on a real wire.
 * NOT HERE who else sees the text (kernel/console.c).
 * SEE      National PC16550D data sheet, 8.0 "Registers".
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/uart.h>

#define COM1  0x3f8

/*      register   offset from COM1                                          */
enum uart_register {
	UART_DATA    = 0,   /* read: received byte; write: THR; DLAB: divisor */
	UART_IER     = 1,   /* interrupt enable;          DLAB: divisor, high */
	UART_FCR     = 2,   /* FIFO control                                   */
	UART_LCR     = 3,   /* line control                                   */
	UART_MCR     = 4,   /* modem control                                  */
	UART_LSR     = 5,   /* line status                                    */
};

#define LCR_8N1        0x03
#define LCR_DLAB       0x80
#define MCR_DTR_RTS    0x03
#define MCR_LOOPBACK   0x10   /* sent bytes come back inside the chip        */
#define FCR_CLEAR_ON   0x07   /* FIFOs on, both emptied                      */
#define LSR_RECEIVED   0x01
#define LSR_THR_EMPTY  0x20
#define LSR_TEMT       0x40

/*
 * A chip that is there answers within 16 bytes of a full FIFO, 1.4 ms at
 * 115200 baud. A port read takes about 1 us on real hardware, so this many
 * reads are some 100 ms: then the chip is broken, and we go on without it.
 */
#define POLL_LIMIT  100000

static bool present;

static uint8_t uart_read(enum uart_register reg)
{
	return inb(COM1 + reg);
}

static void uart_set(enum uart_register reg, uint8_t value)
{
	outb(COM1 + reg, value);
}

/* Poll until one of the bits is set in LSR. Returns: false when it never is. */
static bool uart_wait(uint8_t bits)
{
	for (unsigned i = 0; i < POLL_LIMIT; i++) {
		if (uart_read(UART_LSR) & bits)
			return true;
		cpu_relax();
	}
	return false;
}

static void uart_putc(char c)
{
	if (!uart_wait(LSR_THR_EMPTY)) {
		present = false;
		return;
	}
	uart_set(UART_DATA, (uint8_t)c);
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
	present = uart_read(UART_LSR) != 0xff && uart_loopback_test(0xae);
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
	ok = uart_wait(LSR_RECEIVED) && uart_read(UART_DATA) == byte;
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
		present = uart_wait(LSR_TEMT);
}

int uart_getc(void)
{
	if (!present || !(uart_read(UART_LSR) & LSR_RECEIVED))
		return -1;
	return uart_read(UART_DATA);
}
