/*
 * tcgetwinsize: get the size of a terminal (POSIX.1-2024). musl has it from 1.2.2 on.
 *
 * Returns 0, or -1 with errno EBADF, or ENOTTY for what is no terminal. Safe in signal handlers.
 */
#include "polyfill.h"
#include <asm/termios.h>

EXPORT int tcgetwinsize(int file, struct winsize *size)
{
	return (int)syscall(__NR_ioctl, (long)file, (long)TIOCGWINSZ, (long)size);
}
