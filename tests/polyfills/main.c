/*
 * prove SYMBOL LIBRARY [ENOSYS|EPERM [emulated]]: hold the function of a polyfill against libc's own, or against what it
 * is specified to do. Says what failed first and exits with 1; exits with 0 in silence; with 77 where this kernel lets
 * nobody filter system calls.
 */
#include "prove.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void *ours, *libcs;
const char *mode = "";
int is_emulated;

static uint64_t state = 0x9e3779b97f4a7c15;

/* A program that is linked statically, for want of a loader, has the sources of the polyfills under other names. */
#ifdef IS_STATIC
#define DECLARE(symbol) extern void proved_##symbol(void);
#define PROVED(symbol) (void *)proved_##symbol
DECLARE(qsort_r)
DECLARE(pthread_getname_np)
DECLARE(gettid)
DECLARE(reallocarray)
DECLARE(tcgetwinsize)
DECLARE(tcsetwinsize)
DECLARE(statx)
DECLARE(preadv2)
DECLARE(pwritev2)
DECLARE(renameat2)
DECLARE(posix_getdents)
DECLARE(__getauxval)
DECLARE(posix_fallocate64)
DECLARE(__cxa_thread_atexit_impl)
#else
#define PROVED(symbol) 0
#endif

#define PROOF(symbol, number) {#symbol, prove_##symbol, number, PROVED(symbol)}

static const struct {
	const char *symbol;
	void (*prove)(void);
	long number; /* of the system call that a mode filters */
	void *linked;
} proofs[] = {
	PROOF(qsort_r, -1),
	PROOF(pthread_getname_np, -1),
	PROOF(gettid, -1),
	PROOF(reallocarray, -1),
	PROOF(tcgetwinsize, -1),
	PROOF(tcsetwinsize, -1),
	PROOF(statx, SYS_statx),
	PROOF(preadv2, SYS_preadv2),
	PROOF(pwritev2, SYS_pwritev2),
	PROOF(renameat2, SYS_renameat2),
	PROOF(posix_getdents, -1),
	PROOF(__getauxval, -1),
	PROOF(posix_fallocate64, -1),
	PROOF(__cxa_thread_atexit_impl, -1),
};

_Noreturn void fail(const char *file, int line, const char *what, long long left, long long right)
{
	printf("%s:%d: %s (%lld, %lld)\n", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, what, left, right);
	fflush(stdout);
	_exit(1);
}

uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

size_t below(size_t limit)
{
	return (size_t)(chance() % limit);
}

int temporary(void)
{
	char path[] = "/tmp/prove-XXXXXX";
	int file = mkstemp(path);

	CHECK(file >= 0);
	unlink(path);
	return file;
}

static char path[] = "/tmp/prove-XXXXXX";

static void remove_directory(void)
{
	rmdir(path);
}

const char *directory(void)
{
	if (path[sizeof path - 2] == 'X') {
		CHECK(mkdtemp(path));
		atexit(remove_directory);
	}
	return path;
}

/* From here on, the kernel answers the system call `number` with `error`. */
static void filter(long number, int error)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {4, program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		exit(77);
}

int main(int count, char **words)
{
#ifndef IS_STATIC
	void *library;
#endif
	size_t i;

	if (count < 3)
		return 2;
	mode = count > 3 ? words[3] : "";
	is_emulated = count > 4;
#ifndef IS_STATIC
	library = dlopen(words[2], RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		printf("%s\n", dlerror());
		return 1;
	}
	ours = dlsym(library, words[1]);
	libcs = dlsym(RTLD_DEFAULT, words[1]);
	CHECK(ours && ours != libcs);
#endif
	for (i = 0; i < sizeof proofs / sizeof *proofs; i++) {
		if (strcmp(proofs[i].symbol, words[1]))
			continue;
		if (proofs[i].linked)
			ours = proofs[i].linked;
		if (*mode)
			filter(proofs[i].number, strcmp(mode, "EPERM") ? ENOSYS : EPERM);
		proofs[i].prove();
		return 0;
	}
	return 2;
}
