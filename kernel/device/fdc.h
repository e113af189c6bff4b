// SPDX-License-Identifier: MIT
/*
 * fdc.h - the 82077AA floppy controller: commands, results, its interrupt
 *
 * WHAT     Bytes go to the controller and come from it one at a time, each when
 *          the controller says that it is ready. An interrupt ends long work.
 *
 *            fdc_expect();
 *            err = fdc_command(read, sizeof(read));
 *            err = err ? err : fdc_wait(3000);
 *            err = err ? err : fdc_result(result, FDC_RESULT_BYTES);
 *
 * TERMS    st0, st1, st2  status registers, the first bytes of a result
 *
 * LOCKING  One thread at a time calls these; fdc_motor(): any context.
 * NOT HERE what the bytes mean for a disk (floppy.c).
 * SEE      Intel 82077AA data sheet, chapters 2, 4 and 5.
 */
#pragma once

#include "lib/compiler.h"

#define FDC_RESULT_BYTES  7   /* st0, st1, st2, cylinder, head, sector, size */

/*      command                 bytes that follow                            */
#define FDC_SPECIFY      0x03   /* step and unload time, load time           */
#define FDC_RECALIBRATE  0x07   /* drive                                     */
#define FDC_SENSE        0x08   /* -                                         */
#define FDC_SEEK         0x0f   /* head and drive, cylinder                  */
#define FDC_READ         0x46   /* 8: see floppy.c; 0x40 is MFM recording    */

#define FDC_ST0_CODE     0xc0   /* 0: no error                               */
#define FDC_ST0_SEEK     0x20   /* a seek has ended                          */
#define FDC_ST0_CHECK    0x10   /* equipment check: no track 0               */

/* Take the interrupt line. Returns: 0; -EBUSY: another driver has it. */
int fdc_init(void) __must_check;

/*
 * End all work of the controller, and begin anew. The motor stays as it is.
 * Returns: 0; -ENODEV: nothing answers; -EINTR: the thread was killed.
 */
int fdc_reset(void) __must_check;

/* Returns: 0; -EIO (it has bytes to give), -ETIMEDOUT (it takes no byte). */
int fdc_command(const uint8_t *bytes, unsigned nr) __must_check;

/* Returns: 0; -EIO (it wants a command), -ETIMEDOUT (it gives no byte). */
int fdc_result(uint8_t *bytes, unsigned nr) __must_check;

/* fdc_wait() waits for an interrupt that comes after fdc_expect(). */
void fdc_expect(void);

/* Returns: 0; -ETIMEDOUT; -EINTR: the thread was killed. */
int fdc_wait(unsigned ms) __must_check;

/* How the last seek or recalibration ended. Returns: as fdc_result(). */
int fdc_sense(uint8_t *st0, uint8_t *cylinder) __must_check;

/* Motor of drive 0. */
void fdc_motor(bool on);
bool fdc_motor_is_on(void);

/* No disk, or another disk since the last step. The motor must be on. */
bool fdc_disk_changed(void);
