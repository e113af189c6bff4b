// SPDX-License-Identifier: MIT
/*
 * machine_exit.c - how the kernel leaves the machine
 *
 * WHAT     Writes to ports that end an emulator, one after the other. A write
 *          to a port without a device does nothing. First comes the port that
 *          takes a status, and a short wait; then ACPI's way to turn the power
 *          off; then the power ports of some emulators; then the CPU halts.
 * SEE      QEMU hw/misc/debugexit.c; ACPI 4.8.3.2.1 "PM1 control registers";
 *          Bochs iodev/unmapped.cc.
 */
#include <arch/acpi.h>
#include <arch/io.h>
#include <arch/machine.h>
#include <arch/ps2.h>
#include <arch/uart.h>

#define PORT_DEBUG_EXIT      0xf4     /* -device isa-debug-exit,iobase=0xf4  */
#define EXIT_LOOKS           100000   /* while QEMU stops the machine         */
#define PORT_PM1A_QEMU       0x604    /* PM1a control, QEMU pc and q35       */
#define PORT_PM1A_OLD        0xb004   /* the same of old QEMU, and of Bochs  */
#define PM1_SLEEP_S5         0x2000   /* SLP_EN, sleep type 0: soft off      */
#define PORT_RESET_CONTROL   0xcf9    /* of PCI chipsets                     */
#define RESET_FULL           0x06
#define PORT_BOCHS_SHUTDOWN  0x8900   /* wants "Shutdown", byte by byte      */

void machine_exit(enum exit_code code)
{
	uart_drain();
	outb(PORT_DEBUG_EXIT, (uint8_t)code);
	/* QEMU 10 ends in another thread: no later way may overtake it. */
	for (unsigned i = 0; i < EXIT_LOOKS; i++)
		io_delay();
	machine_poweroff();
}

void machine_poweroff(void)
{
	static const char shutdown[] = "Shutdown";

	acpi_poweroff();
	uart_drain();
	outw(PORT_PM1A_QEMU, PM1_SLEEP_S5);
	outw(PORT_PM1A_OLD, PM1_SLEEP_S5);
	for (const char *c = shutdown; *c; c++)
		outb(PORT_BOCHS_SHUTDOWN, (uint8_t)*c);
	machine_halt();
}

void machine_reboot(void)
{
	static const uint16_t no_idt[3];

	uart_drain();
	ps2_reset_cpu();
	outb(PORT_RESET_CONTROL, RESET_FULL);
	/* The last way, on any PC: a fault that no table handles. */
	__asm__ volatile("lidt %0; int3" : : "m"(no_idt));
	machine_halt();
}

void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}
