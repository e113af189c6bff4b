// SPDX-License-Identifier: MIT
/*
 * uart.h - the serial port COM1, polled
 *
 * WHAT     115200 baud, 8 bits, no parity, 1 stop bit; no interrupts.
 * SEE      National PC16550D data sheet; kernel/diag/console.h, its user.
 */
#pragma once

#include "lib/compiler.h"

/* Set COM1 up. Returns: false when a loopback test finds no UART. */
bool uart_init(void);

/* Turn the chip's interrupts off; the kernel polls the chip from now on. */
void uart_poll_only(void);

/* Was a UART found? */
bool uart_is_present(void);

/* Send a byte to itself inside the chip. Returns: whether it came back. */
bool uart_loopback_test(uint8_t byte);

/*
 * Write text; "\n" becomes "\r\n". Does nothing if there is no UART. Waits
 * about 10 s for a reader at the other end. Then bytes are dropped until the
 * chip takes bytes again; the number of dropped bytes is written in their
 * place.
 */
void uart_write(const char *text, size_t len);

/*
 * Wait until the last bit has been sent, but not longer than uart_write()
 * waits. Called before the power goes off.
 */
void uart_drain(void);

/* The next received byte, or -1 if there is none yet. */
int uart_getc(void);
