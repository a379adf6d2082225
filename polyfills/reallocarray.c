/*
 * reallocarray: realloc for `count` elements of `size` bytes (POSIX.1-2024). musl has it from 1.2.2 on.
 *
 * Returns a null pointer with errno ENOMEM where the product does not fit, and leaves the old memory as it is then.
 * Otherwise it is realloc of libc, or of whatever the program has put in its place, and as thread-safe as that.
 */
#include "polyfill.h"

extern void *realloc(void *, size_t);

EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return 0;
	}
	return realloc(old, bytes);
}
