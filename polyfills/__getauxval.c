/*
 * __getauxval: another name of getauxval, which compilers' run-time libraries call; musl has it from 1.2.6 on.
 *
 * Returns the value that the kernel gave the program under `type`, or 0 with errno ENOENT where it gave none.
 */
#include "polyfill.h"

extern unsigned long getauxval(unsigned long);

EXPORT unsigned long __getauxval(unsigned long type)
{
	return getauxval(type);
}
