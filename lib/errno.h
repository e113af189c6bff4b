// SPDX-License-Identifier: MIT
/*
 * errno.h - why something failed, in Linux's numbers
 *
 * WHAT     A function that can fail for several reasons returns 0, or one of
 *          these numbers with a minus sign. User mode sees the same numbers,
 *          so they are the numbers of Linux i386.
 * SEE      Linux asm-generic/errno-base.h.
 */
#pragma once

#define EPERM    1   /* not allowed                                   */
#define ENOENT   2   /* no such thing                                 */
#define ESRCH    3   /* no such process or thread                     */
#define EINTR    4   /* ended before it was done                      */
#define EIO      5   /* the device failed                             */
#define E2BIG    7   /* argument list or request too long             */
#define ENOEXEC  8   /* not an image that can run                     */
#define EBADF    9   /* no such handle                                */
#define ECHILD   10  /* no child to wait for                          */
#define EAGAIN   11  /* would have to wait                            */
#define ENOMEM   12  /* no memory, or no address space                */
#define EACCES   13  /* the page does not allow it                    */
#define EFAULT   14  /* bad user address                              */
#define EBUSY    16  /* still in use                                  */
#define EEXIST   17  /* there already                                 */
#define ENODEV   19  /* no such device                                */
#define EINVAL   22  /* argument outside what the function allows     */
#define ENOSPC   28  /* a fixed-size table is full                    */
#define EPIPE    32  /* nobody is there to receive or answer          */
#define ERANGE   34  /* number too large                              */
#define ENOSYS   38  /* no such call                                  */
#define EOVERFLOW 75 /* value does not fit its type                   */
#define EOPNOTSUPP 95 /* this one cannot do that                      */
#define ETIMEDOUT 110 /* the deadline has passed                       */
#define ENOMEDIUM 123 /* no disk in the drive                          */

/* For a result that is an address, a count, or a negative error number. */
#define MAX_ERRNO  4095
#define IS_ERR_VALUE(x)  ((unsigned long)(x) >= 0ul - MAX_ERRNO)
