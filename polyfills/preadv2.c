/*
 * preadv2: read into several buffers, at an offset or, if that is -1, where the file stands, with flags for this one call
 * (Linux 4.6). musl has it from 1.2.5 on.
 *
 * Returns the number of bytes, or -1 with errno as readv and preadv set it. Without flags it is one of these, on every
 * kernel, and a cancellation point as they are. With flags it is none while it waits; EOPNOTSUPP is the answer for a flag
 * that the kernel does not know, and for all of them where the kernel does not know the call.
 */
#include "polyfill.h"

struct iovec;

extern ssize_t readv(int, const struct iovec *, int);
extern ssize_t preadv(int, const struct iovec *, int, off_t);
extern void pthread_testcancel(void);

EXPORT ssize_t preadv2(int file, const struct iovec *buffers, int count, off_t offset, int flags)
{
	ssize_t answer;

	if (!flags)
		return offset == -1 ? readv(file, buffers, count) : preadv(file, buffers, count, offset);
	pthread_testcancel();
	/* The offset is two words on every architecture, the low one first; a 64-bit kernel does not look at the high one. */
	answer = syscall(__NR_preadv2, (long)file, (long)buffers, (long)count, (long)offset, (long)(offset >> 32), (long)flags);
	if (answer < 0 && errno == ENOSYS)
		errno = EOPNOTSUPP;
	return answer;
}
