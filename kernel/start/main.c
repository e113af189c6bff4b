// SPDX-License-Identifier: MIT
/*
 * main.c - the kernel's first C function, and the order in which it starts
 *
 * WHAT     Runs on the boot stack, at high addresses, with the first page
 *          tables, those of boot/. Starts each part of the kernel once, then
 *          does what the command line asks for.
 *
 * ALGORITHM  kernel_main() is a list. Each line needs the lines above it. If
 *          the reason is hard to see, a comment says it.
 *
 * LOCKING  One CPU; interrupts are off until everything has started.
 * SEE      boot/boot_info.h for what boot/ hands over; memory_init.c for the
 *          order inside memory management.
 */
#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/cycles.h>
#include <arch/iommu.h>
#include <arch/irq.h>
#include <arch/kva.h>
#include <arch/machine.h>
#include <arch/pci.h>
#include <arch/thread.h>
#include <arch/trap.h>

#include "boot/boot_info.h"
#include "kernel/calls/calls.h"
#include "kernel/device/device.h"
#include "kernel/diag/console.h"
#include "kernel/diag/log.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/linux/linux.h"
#include "kernel/loader/archive.h"
#include "kernel/monitor/monitor.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "kernel/start/cmdline.h"
#include "kernel/start/memory_init.h"
#include "kernel/start/program.h"
#include "kernel/task/task.h"
#include "kernel/task/upcall.h"
#include "kernel/trial/accounts.h"
#include "kernel/trial/crash.h"
#include "kernel/trial/laws.h"
#include "kernel/trial/selftest.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"

void kernel_main(uint32_t boot_info_phys) __noreturn;

/* Copies: the zones will get the memory of boot/. */
static struct boot_info boot;
static struct kernel_options options;

static bool complained;

/* Take what boot/ hands over, and greet. */
static void boot_info_take(uint32_t phys)
{
	const char *line, *end;

	memcpy(&boot, phys_to_virt(PHYS(phys)), sizeof(boot));
	if (boot.magic != BOOT_INFO_MAGIC)
		panic("boot_info at 0x%x has magic 0x%x: boot/ and kernel/ do not match",
		      phys, boot.magic);
	pr_info("Pagoda, a teaching microkernel for i386 with PAE (%s)\n",
		CONFIG_DEBUG ? "debug build" : "ordinary build");
	if (boot.loader[0])
		pr_info("Booted by %s\n", boot.loader);
	for (line = boot.warnings; (end = strchr(line, '\n')); line = end + 1)
		pr_warn("boot: %.*s\n", (int)(end - line), line);
}

static void hint(const char *text)
{
	pr_info("%s\n", text);
}

static void complain(const char *text)
{
	complained = true;
	pr_warn("%s\n", text);
}

/* Reports unknown words; then the log lists the known ones. */
static void options_init(void)
{
	cmdline_parse(boot.cmdline, &options, complain);
	log_set_level(options.loglevel);
	pr_info("Command line: %s\n", boot.cmdline);
	if (complained) {
		hint("The command line may have these words:");
		cmdline_help(hint);
	}
	if (options.nonx)
		cpu_disable(CPU_NX);
}

/* crash=KIND: some kinds crash early, others at the end of the boot. */
static void crash_as_asked(bool early)
{
	const struct crash *crash;

	if (!options.crash)
		return;
	crash = crash_find(options.crash);
	if (!crash) {
		pr_warn("crash=%s: no such kind, ignored\n", options.crash);
		crash_list();
		options.crash = NULL;
	} else if (crash->early == early) {
		crash->run();
	}
}

/* Do what the command line asks for; without a wish, run init. */
static __noreturn void do_as_asked(void)
{
	/* A script gives one of these words; a person gives none of them. */
	bool attended = !options.selftest && !options.bench &&
			!options.program && !options.witness &&
			!options.dump && !*options.init;

	monitor_init(&boot, options.seed, attended);
	if (options.monitor)
		monitor_catch_panics();
	crash_as_asked(false);
	if (options.witness)
		witness_main();
	if (options.dump)
		dump_main(options.seed);
	if (options.selftest)
		selftest_main(options.selftest, options.seed);
	if (options.bench)
		bench_main(options.bench);
	if (options.program)
		program_main(&options);
	if (options.monitor)
		monitor_run();
	if (!program_run_init(options.init))
		pr_info("Nothing to run: powering off\n");
	log_limits_flush();
	machine_poweroff();
}

static void must_hold(const char *law)
{
	if (law)
		panic("the kernel is not sound after boot: %s", law);
}

void kernel_main(uint32_t boot_info_phys)
{
	uint64_t started = cycles();
	uint64_t ticks;

	console_init();         /* first: from now on, messages can be read   */
	traps_init();           /* from now on, a fault gets an explanation   */
	boot_info_take(boot_info_phys);
	cpu_detect();
	options_init();         /* before memory: mem=, vmalloc=, nonx        */
	cpu_enable_features();  /* before page tables that have NX in them    */
	arch_user_init();       /* FPU, SYSENTER: for ring 3                  */
	cpu_log();
	crash_as_asked(true);
	memory_map_dump(&boot);
	memory_init(&boot, &options);
	limits_init();
	acpi_init();            /* needs the fixmap                           */
	memory_release_boot(&boot);
	irq_init(!options.noapic); /* before the first handler of a line      */
	must_hold(laws_check_memory());
	ticks = cycles();
	console_printf("# pagoda: boot: %llu cycles since reset, %llu in the kernel\n",
		       (unsigned long long)ticks,
		       (unsigned long long)(ticks - started));
	archive_init(&boot);
	pci_init();
	iommu_init(!options.noiommu);   /* which device is where: ACPI, PCI */
	sched_init();           /* we are a thread from here on               */
	task_init();            /* before the first task                      */
	ipc_init();
	upcall_init();
	calls_init(monitor_enter);
	user_device_init();
	linux_init();
	clock_init();           /* interrupts on: any thread may run now      */
	iommu_watch_init();
	must_hold(laws_check_all());
	do_as_asked();
}
