/*
 * gettid: return the kernel's id of the calling thread. musl has it from 1.2.2 on. It cannot fail, and is safe in
 * signal handlers.
 */
#include "polyfill.h"

EXPORT int gettid(void)
{
	return (int)syscall(__NR_gettid);
}
