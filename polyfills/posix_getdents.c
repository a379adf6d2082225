/*
 * posix_getdents: read entries of a directory into a buffer (POSIX.1-2024). musl has it from 1.2.6 on.
 *
 * Returns the number of bytes written, 0 at the end, or -1 with errno as the system call sets it: EINVAL for a buffer
 * that is too small for the next entry, ENOTDIR, EBADF. No flag is known: any is EOPNOTSUPP. The kernel's entries
 * are POSIX's struct posix_dent, d_type among its fields, as musl lays it out. No cancellation point.
 */
#include "polyfill.h"

#define MOST 0x7fffffff /* bytes: the kernel's parameter is an unsigned int, its answer an int */

EXPORT ssize_t posix_getdents(int directory, void *buffer, size_t size, int flags)
{
	if (flags) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return syscall(__NR_getdents64, (long)directory, (long)buffer, (long)(size > MOST ? MOST : size));
}
