/*
 * tcsetwinsize: set the size of a terminal (POSIX.1-2024), which sends SIGWINCH to its foreground process group where
 * it changes. musl has it from 1.2.2 on.
 *
 * Returns 0, or -1 with errno EBADF, or ENOTTY for what is no terminal. Safe in signal handlers.
 */
#include "polyfill.h"
#include <asm/termios.h>

EXPORT int tcsetwinsize(int file, const struct winsize *size)
{
	return (int)syscall(__NR_ioctl, (long)file, (long)TIOCSWINSZ, (long)size);
}
