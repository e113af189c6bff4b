// SPDX-License-Identifier: MIT
/*
 * floppy.c - sectors of a 3.5 inch disk, by ISA DMA
 *
 * WHAT     From a sector's number to bytes in a buffer.
 *
 * PICTURE    floppy_read(lba 17, 3)
 *              dma_map_single()        one bus address for the whole buffer
 *              lba 17: cylinder 0, head 0, sector 18      | a command cannot
 *              lba 18, 19: cylinder 0, head 1, sector 1   | leave its track
 *                seek, isa_dma_start(), command, interrupt, isa_dma_stop()
 *              dma_unmap_single()      now the bytes are ours
 *
 * TERMS    lba      number of a sector from 0: cylinders first, then heads
 *          track    18 sectors of one cylinder under one head
 *          ready    the controller was reset, and the arm's place is known
 *
 * INVARIANTS of floppy (floppy_check() restates them)
 *          F1  while nobody reads, a running motor has a timer that stops it
 *          F2  while nobody reads, nothing is mapped for the device
 *          F3  the arm's cylinder is known only when the controller is ready,
 *              and is one of the disk's
 *
 * ALGORITHM  The checks come before the device gets an address: is the address
 *          within the device's mask (dma_check_reach()), does the 8237 take it?
 *          The channel is masked before memory is unmapped: then no late byte
 *          can come.
 *
 *          After a failure nothing is assumed. The controller is reset, the
 *          arm goes to track 0, and the track is read again, TRIES times.
 *
 *          Is there a disk? The drive's change line stays set until the arm
 *          steps with a disk in the drive. A step in each direction shows it.
 * LOCKING  floppy_lock, for the whole of a read. The motor's timer writes one
 *          register, with interrupts off.
 * COST     A track takes 200 ms, a motor 400 ms to come up to speed.
 * NOT HERE writing: a lesson about memory needs none.
 * SEE      Intel 82077AA data sheet, 5.1 "data transfer commands".
 */
#include "kernel/device/floppy.h"

#include <arch/io.h>
#include <arch/irqflags.h>
#include <arch/isa_dma.h>

#include "kernel/device/fdc.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/thread.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "mm/dma/dma.h"

#define CYLINDERS     80u
#define HEADS         2u
#define TRACK_SECTORS 18u

_Static_assert(CYLINDERS * HEADS * TRACK_SECTORS == FLOPPY_SECTORS,
	       "the disk that floppy.h promises");

#define SIZE_512      2       /* the controller's word for 128 << 2          */
#define GAP_3_5_INCH  0x1b
#define NO_LENGTH     0xff    /* used for 128-byte sectors only              */

#define TRIES         3u
#define SPIN_UP_MS    400u
#define SPIN_DOWN_MS  2000u
#define SEEK_MS       3000u   /* 80 steps of 3 ms, and a slow emulator       */
#define READ_MS       3000u
#define NS_PER_MS     1000000ull

#define ISA_MASK      DMA_BIT_MASK(24)

/* The battery-backed memory in which the firmware notes the drives. */
#define CMOS_INDEX    0x70
#define CMOS_DATA     0x71
#define CMOS_DRIVES   0x10    /* high half: drive A */
#define DRIVE_NONE    0
#define DRIVE_1440    4
#define DRIVE_2880    5       /* reads 1.44 MB too */

/* A place on the disk. */
struct place {
	uint8_t cylinder, head, sector;   /* sector: from 1 */
};

static struct mutex floppy_lock = MUTEX_INIT(floppy_lock);

/* Protection: floppy_lock. */
static struct dma_device device;
static bool initialized, ready;
static bool arm_known;
static uint8_t arm;
static uint8_t result[FDC_RESULT_BYTES];   /* of the last read */

static struct timer motor_timer;           /* interrupts off */

/* ---- words --------------------------------------------------------------- */

static const struct {
	uint8_t     byte, bit;
	const char *text;
} reasons[] = {
	{ 0, FDC_ST0_CHECK, "the drive reports a fault" },
	{ 0, 0x08, "the drive is not ready" },
	{ 1, 0x80, "no such sector on the track" },
	{ 1, 0x20, "bad checksum" },
	{ 1, 0x10, "DMA came too late" },
	{ 1, 0x04, "sector not found" },
	{ 1, 0x01, "no address mark: not formatted like this" },
};

static const char *why(int err)
{
	if (err != -EIO)
		return "no answer in time; is there a disk?";
	for (unsigned i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (result[reasons[i].byte] & reasons[i].bit)
			return reasons[i].text;
	}
	return "arm or transfer stopped half-way";
}

/* ---- motor and arm ------------------------------------------------------- */

static void motor_timeout(struct timer *timer)
{
	fdc_motor(false);
}

static int motor_start(void)
{
	timer_cancel(&motor_timer);
	if (fdc_motor_is_on())
		return 0;
	fdc_motor(true);
	thread_sleep_ns(SPIN_UP_MS * NS_PER_MS);
	if (!wait_killed())
		return 0;
	/* The motor is not at speed yet: the next reader must wait again. */
	fdc_motor(false);
	return -EINTR;
}

/* Move the arm by a command, and ask where it is then. */
static int move(const uint8_t *command, unsigned nr, uint8_t cylinder)
{
	uint8_t st0, at;
	int err;

	arm_known = false;
	fdc_expect();
	err = fdc_command(command, nr);
	if (!err)
		err = fdc_wait(SEEK_MS);
	if (!err)
		err = fdc_sense(&st0, &at);
	if (err)
		return err;
	if (st0 & (FDC_ST0_CODE | FDC_ST0_CHECK) || !(st0 & FDC_ST0_SEEK) ||
	    at != cylinder) {
		result[0] = st0;
		return -EIO;
	}
	arm = cylinder;
	arm_known = true;
	return 0;
}

static int recalibrate(void)
{
	static const uint8_t command[] = { FDC_RECALIBRATE, 0 };
	int err = move(command, sizeof(command), 0);

	/* It gives up after 77 steps; the disk has 80 cylinders. */
	return err == -EIO ? move(command, sizeof(command), 0) : err;
}

static int seek(const struct place *to)
{
	uint8_t command[] = { FDC_SEEK, (uint8_t)(to->head << 2),
			      to->cylinder };

	if (arm_known && arm == to->cylinder)
		return 0;
	return move(command, sizeof(command), to->cylinder);
}

/* ---- is there a drive, and a disk? --------------------------------------- */

static int find_drive(void)
{
	irqflags_t flags = irq_save();
	unsigned type;

	outb(CMOS_INDEX, CMOS_DRIVES);
	type = inb(CMOS_DATA) >> 4;
	irq_restore(flags);
	if (type == DRIVE_1440 || type == DRIVE_2880)
		return 0;
	if (type == DRIVE_NONE)
		pr_warn_limited("floppy: the firmware knows of no drive A\n");
	else
		pr_warn_limited("floppy: drive A has type %u; 4 and 5 are supported\n",
			type);
	return -ENODEV;
}

static int find_medium(void)
{
	static const struct place next = { .cylinder = 1 };
	int err;

	if (!fdc_disk_changed())
		return 0;
	/* Some controllers do not step without a disk: ignore that error. */
	err = seek(&next);
	if (!err || err == -EIO)
		err = recalibrate();
	if (fdc_disk_changed()) {
		pr_warn_limited("floppy: no disk is in the drive\n");
		return -ENOMEDIUM;
	}
	return err;
}

static int initialize(void)
{
	int err;

	if (initialized)
		return 0;
	err = fdc_init();
	if (err) {
		pr_warn_limited("floppy: its interrupt belongs to somebody else\n");
		return err;
	}
	err = dma_device_init(&device, "floppy", ISA_MASK, NULL);
	initialized = !err;
	return err;
}

/* At the first read, and after a failure. */
static int begin_anew(void)
{
	int err = fdc_reset();

	if (err == -ENODEV)
		pr_warn_limited("floppy: no controller answers\n");
	if (!err)
		err = find_drive();
	if (!err)
		err = motor_start();
	if (!err)
		err = recalibrate();
	ready = !err;
	return err;
}

/* ---- reading ------------------------------------------------------------- */

static int command_read(const struct place *from, unsigned nr)
{
	uint8_t command[] = {
		FDC_READ, (uint8_t)(from->head << 2), from->cylinder,
		from->head, from->sector, SIZE_512,
		(uint8_t)(from->sector + nr - 1), GAP_3_5_INCH, NO_LENGTH,
	};
	int err;

	fdc_expect();
	err = fdc_command(command, sizeof(command));
	if (!err)
		err = fdc_wait(READ_MS);
	return err ? err : fdc_result(result, sizeof(result));
}

static int read_once(const struct place *from, unsigned nr, bus_addr_t bus)
{
	uint32_t left;
	int err;

	memset(result, 0, sizeof(result));
	err = ready ? motor_start() : begin_anew();
	if (!err)
		err = find_medium();
	if (!err)
		err = seek(from);
	if (!err)
		err = isa_dma_start(ISA_DMA_FLOPPY, bus, nr * FLOPPY_SECTOR,
				    true);
	if (err)
		return err;
	err = command_read(from, nr);
	left = isa_dma_stop(ISA_DMA_FLOPPY);
	if (!err && (result[0] & FDC_ST0_CODE || left))
		err = -EIO;
	return err;
}

/* nr sectors of one track. */
static int read_track(uint32_t lba, unsigned nr, bus_addr_t bus)
{
	uint32_t track = lba / TRACK_SECTORS;
	struct place from = {
		.cylinder = (uint8_t)(track / HEADS),
		.head = (uint8_t)(track % HEADS),
		.sector = (uint8_t)(lba % TRACK_SECTORS + 1),
	};
	int err;

	for (unsigned i = 0; i < TRIES; i++) {
		err = read_once(&from, nr, bus);
		if (!err)
			return 0;
		ready = false;
		arm_known = false;
		if (err != -EIO && err != -ETIMEDOUT)
			return err;   /* another try would not help */
	}
	pr_warn_limited("floppy: cylinder %u, head %u, sectors %u to %u: %s\n",
		from.cylinder, from.head, from.sector, from.sector + nr - 1,
		why(err));
	return err;
}

static int read_tracks(uint32_t lba, uint32_t nr, bus_addr_t bus)
{
	while (nr) {
		unsigned here = MIN(nr, TRACK_SECTORS - lba % TRACK_SECTORS);
		int err = read_track(lba, here, bus);

		if (err)
			return err;
		lba += here;
		nr -= here;
		bus.v += here * FLOPPY_SECTOR;
	}
	return 0;
}

/* Do the device and the 8237 take the whole buffer? */
static int check_bus(bus_addr_t bus, uint32_t size)
{
	int err = dma_check_reach(&device, bus, size);

	if (err)
		return err;
	err = isa_dma_check(ISA_DMA_FLOPPY, bus, size);
	if (err)
		pr_warn_limited("floppy: a buffer of %u bytes at %pB crosses a line of 64 KiB: refused\n",
			size, &bus);
	return err;
}

static int read_mapped(uint32_t lba, uint32_t nr, void *buffer,
		       bus_addr_t *bus)
{
	uint32_t size = nr * FLOPPY_SECTOR;
	bus_addr_t mapped = dma_map_single(&device, buffer, size,
					   DMA_FROM_DEVICE);
	int err;

	if (dma_mapping_error(mapped))
		return -ENOMEM;
	if (bus)
		*bus = mapped;
	err = check_bus(mapped, size);
	if (!err)
		err = read_tracks(lba, nr, mapped);
	dma_unmap_single(&device, mapped, size, DMA_FROM_DEVICE);
	return err;
}

int floppy_read(uint32_t lba, uint32_t nr, void *buffer, bus_addr_t *bus)
{
	int err;

	if (!nr || nr > FLOPPY_READ_MAX || lba >= FLOPPY_SECTORS ||
	    nr > FLOPPY_SECTORS - lba)
		return -EINVAL;
	mutex_lock(&floppy_lock);
	err = initialize();
	if (!err)
		err = read_mapped(lba, nr, buffer, bus);
	if (fdc_motor_is_on())
		timer_arm(&motor_timer, clock_ns() + SPIN_DOWN_MS * NS_PER_MS,
			  motor_timeout);
	mutex_unlock(&floppy_lock);
	return err;
}

const char *floppy_check(void)
{
	irqflags_t flags = irq_save();
	bool idle = !floppy_lock.locked;
	bool stops = !fdc_motor_is_on() || motor_timer.armed;
	bool unmapped = device.stats.mapped == device.stats.unmapped;

	irq_restore(flags);
	HOLDS(!idle || stops, "floppy F1: an idle motor has a timer");
	HOLDS(!idle || unmapped, "floppy F2: nothing is mapped while nobody reads");
	HOLDS(!idle || !arm_known || (ready && arm < CYLINDERS),
	      "floppy F3: the arm's cylinder is known when the controller is ready");
	return NULL;
}
