/*
 * What every polyfill is written against: the kernel's own headers, and functions that every musl since 1.1.0 exports.
 *
 * No header of a libc is included. On 32-bit architectures musl's headers rename what they declare (stat becomes
 * __stat_time64), and a polyfill must load where those names do not exist yet.
 */
#ifndef POLYFILL_H
#define POLYFILL_H

#include <asm/errno.h>
#include <asm/unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ssize_t; /* as wide as a pointer on every architecture that musl has */
typedef long long off_t;          /* 64 bits wide in musl, whatever the architecture */

/* Sets errno and returns -1 where the kernel answers with an error. No cancellation point. */
extern long syscall(long number, ...);
extern int *__errno_location(void);

#define errno (*__errno_location())

#endif
