/*
 * posix_fallocate64: another name of posix_fallocate, whose offsets are 64 bits wide in every musl.
 *
 * musl 1.2.4 took the names with 64 out of its symbol table and has the loader translate them; 1.2.4 and 1.2.5 miss this
 * one, the longest. Returns 0 or an error number, and leaves errno alone. A cancellation point, as posix_fallocate is.
 */
#include "polyfill.h"

extern int posix_fallocate(int, off_t, off_t);

EXPORT int posix_fallocate64(int file, off_t offset, off_t length)
{
	return posix_fallocate(file, offset, length);
}
