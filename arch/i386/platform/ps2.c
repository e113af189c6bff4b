// SPDX-License-Identifier: MIT
/*
 * ps2.c - the keyboard of a PC, polled
 *
 * WHAT     The 8042 controller: a byte in each direction, for the keyboard,
 *          the mouse and the controller itself.
 *
 * PICTURE    CPU --0x64--> command  -> controller --> reset line, A20
 *                --0x60--> data     -> keyboard
 *                <-0x60--  data     <- keyboard, mouse, controller
 *                <-0x64--  status: bit 0 a byte is there; bit 1 it is busy;
 *                                  bit 5 the byte is the mouse's
 *
 * ALGORITHM  Every wait is bounded: without the controller, each read gives
 *          0xff. The firmware has already set the keyboard up, with translation
 *          to set 1; the kernel repeats the important parts. If the controller
 *          does not answer in time, the kernel still asks it for bytes: perhaps
 *          it is slow, and the set-up of the firmware is good enough.
 * COST     A port read is 1 us on real hardware.
 * SEE      IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 *          auxiliary device controller".
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/ps2.h>

#define PORT_DATA          0x60
#define PORT_STATUS        0x64   /* read                                    */
#define PORT_COMMAND       0x64   /* write                                   */

#define STATUS_FULL        0x01
#define STATUS_BUSY        0x02
#define STATUS_MOUSE       0x20
#define NOBODY             0xff   /* a read of a port without a device       */

#define CMD_READ_CONFIG    0x20
#define CMD_WRITE_CONFIG   0x60
#define CMD_MOUSE_OFF      0xa7
#define CMD_KEYBOARD_ON    0xae
#define CMD_PULSE_RESET    0xfe

#define CONFIG_INTERRUPTS  0x03   /* IRQ 1 and IRQ 12                        */
#define CONFIG_KEYBOARD_OFF 0x10
#define CONFIG_TRANSLATE   0x40   /* set 2 of the keyboard to set 1          */

#define KEYBOARD_SCAN      0xf4   /* tell the keyboard: send what is typed   */
#define KEYBOARD_ACK       0xfa

#define POLL_LIMIT  20000         /* 20 ms of port reads                     */
#define FLUSH_LIMIT 64            /* no controller keeps more bytes          */

static bool wait_ready(void)
{
	for (unsigned i = 0; i < POLL_LIMIT; i++) {
		if (!(inb(PORT_STATUS) & STATUS_BUSY))
			return true;
		cpu_relax();
	}
	return false;
}

static bool send(uint16_t port, uint8_t byte)
{
	if (!wait_ready())
		return false;
	outb(port, byte);
	return true;
}

/* Returns: the byte, or -1 after a time-out. */
static int receive(void)
{
	for (unsigned i = 0; i < POLL_LIMIT; i++) {
		if (inb(PORT_STATUS) & STATUS_FULL)
			return inb(PORT_DATA);
		cpu_relax();
	}
	return -1;
}

static bool configure(void)
{
	int config;

	if (!send(PORT_COMMAND, CMD_READ_CONFIG))
		return false;
	config = receive();
	if (config < 0)
		return false;
	config &= ~(CONFIG_INTERRUPTS | CONFIG_KEYBOARD_OFF);
	config |= CONFIG_TRANSLATE;
	return send(PORT_COMMAND, CMD_WRITE_CONFIG) &&
	       send(PORT_DATA, (uint8_t)config);
}

bool ps2_init(void)
{
	bool ok;

	if (inb(PORT_STATUS) == NOBODY)
		return false;
	for (unsigned i = 0; i < FLUSH_LIMIT; i++)
		if (inb(PORT_STATUS) & STATUS_FULL)
			(void)inb(PORT_DATA);
	if (!send(PORT_COMMAND, CMD_MOUSE_OFF) || !configure() ||
	    !send(PORT_COMMAND, CMD_KEYBOARD_ON))
		return false;
	/* Without a keyboard there is no answer, and no harm. */
	ok = send(PORT_DATA, KEYBOARD_SCAN);
	(void)receive();
	return ok;
}

int ps2_getc(void)
{
	uint8_t status = inb(PORT_STATUS), byte;

	if (status == NOBODY || !(status & STATUS_FULL))
		return -1;
	byte = inb(PORT_DATA);
	return status & STATUS_MOUSE || byte == KEYBOARD_ACK ? -1 : byte;
}

void ps2_reset_cpu(void)
{
	if (wait_ready())
		outb(PORT_COMMAND, CMD_PULSE_RESET);
}
