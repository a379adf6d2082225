/* What the proofs share: the function of a polyfill and libc's own, a check that names what failed, and chance. */
#ifndef PROVE_H
#define PROVE_H

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

extern void *ours;  /* the polyfill's definition */
extern void *libcs; /* libc's own, null where it has none */
extern const char *mode; /* "", or the errno that a filter answers the system call with: "ENOSYS", "EPERM" */
extern int is_emulated; /* under qemu: what it emulates, and how fast, is not ours to judge */

void prove_qsort_r(void);
void prove_pthread_getname_np(void);
void prove_gettid(void);
void prove_reallocarray(void);
void prove_tcgetwinsize(void);
void prove_tcsetwinsize(void);
void prove_statx(void);
void prove_preadv2(void);
void prove_pwritev2(void);
void prove_renameat2(void);
void prove_posix_getdents(void);
void prove___getauxval(void);
void prove_posix_fallocate64(void);
void prove___cxa_thread_atexit_impl(void);

_Noreturn void fail(const char *file, int line, const char *what, long long left, long long right);

#define CHECK(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition, errno, 0))
#define SAME(left, right)                                                                                              \
	do {                                                                                                           \
		long long left_ = (long long)(left), right_ = (long long)(right);                                      \
		if (left_ != right_)                                                                                   \
			fail(__FILE__, __LINE__, #left " == " #right, left_, right_);                                  \
	} while (0)

uint64_t chance(void);          /* the next of a sequence that is the same in every run */
size_t below(size_t limit);     /* 0 … limit - 1 */
int temporary(void);            /* an empty file without a name */
const char *directory(void);    /* an empty directory; the same in one run */

#endif
