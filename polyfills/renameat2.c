/*
 * renameat2: rename a file, with flags (Linux 3.15). musl has it from 1.2.6 on.
 *
 * Returns 0, or -1 with errno as the system call sets it: EINVAL for a flag that the kernel or the file system does not
 * know, ENOSYS for any flag where the kernel does not know the call. Without flags it is renameat, on every kernel.
 * Safe in signal handlers; no cancellation point.
 */
#include "polyfill.h"

extern int renameat(int, const char *, int, const char *);

EXPORT int renameat2(int old_directory, const char *old, int new_directory, const char *new, unsigned flags)
{
	if (!flags)
		return renameat(old_directory, old, new_directory, new);
	return (int)syscall(__NR_renameat2, (long)old_directory, (long)old, (long)new_directory, (long)new, (long)flags);
}
