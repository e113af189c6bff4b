// SPDX-License-Identifier: MIT
/*
 * uart.h - the serial port COM1, polled
 *
 * WHAT     115200 baud, 8 bits, no parity, 1 stop bit; no interrupts.
 * SEE      National PC16550D data sheet; kernel/diag/console.h, its user.
 */
#pragma once

#include "lib/compiler.h"

/* Set COM1 up. Returns: false where a loopback test finds no UART. */
bool uart_init(void);

/* No interrupts from now on, whoever wanted them: we ask it ourselves. */
void uart_poll_only(void);

/* Was it found? */
bool uart_is_present(void);

/* Send a byte to itself inside the chip. Returns: whether it came back. */
bool uart_loopback_test(uint8_t byte);

/*
 * Write text; "\n" becomes "\r\n". Does nothing where there is no UART. Waits
 * some 10 s for whoever reads the other end; then bytes are dropped until the
 * chip takes some again, and the count of those is written in their place.
 */
void uart_write(const char *text, size_t len);

/*
 * Wait until the last bit has left the wire, as long as uart_write() waits.
 * Before power goes off.
 */
void uart_drain(void);

/* The next byte that was received, or -1 where there is none yet. */
int uart_getc(void);
