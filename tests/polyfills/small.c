/* What is one call: gettid, reallocarray, tcgetwinsize, tcsetwinsize, __getauxval. */
#include "prove.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *compare_ids(void *unused)
{
	errno = 4711;
	SAME(((int (*)(void))ours)(), syscall(SYS_gettid));
	SAME(errno, 4711);
	if (libcs)
		SAME(((int (*)(void))ours)(), ((int (*)(void))libcs)());
	return unused;
}

void prove_gettid(void)
{
	pthread_t thread;
	int i, status;

	compare_ids(0);
	for (i = 0; i < 50; i++) {
		SAME(pthread_create(&thread, 0, compare_ids, 0), 0);
		pthread_join(thread, 0);
	}
	if (!fork()) {
		compare_ids(0);
		_exit(0);
	}
	wait(&status);
	SAME(status, 0);
}

void prove_reallocarray(void)
{
	void *(*function)(void *, size_t, size_t) = ours, *(*known)(void *, size_t, size_t) = libcs;
	size_t i, j, top = SIZE_MAX;
	size_t edges[] = {2, 3, top / 2, top / 2 + 1, top / 3 + 1, top, (size_t)1 << (4 * sizeof top), top - 1};
	char *memory = function(0, 3, 5);

	CHECK(memory);
	memcpy(memory, "fourteen bytes", 15);
	memory = function(memory, 1000, 100);
	CHECK(memory && !strcmp(memory, "fourteen bytes"));
	for (i = 0; i < 8; i++)
		for (j = 0; j < 8; j++) {
			size_t bytes;

			if (!__builtin_mul_overflow(edges[i], edges[j], &bytes) && bytes < top / 4)
				continue; /* what malloc says of other sizes is its own */
			errno = 0;
			CHECK(!function(memory, edges[i], edges[j]));
			SAME(errno, ENOMEM);
			if (known) {
				errno = 0;
				CHECK(!known(memory, edges[i], edges[j]));
				SAME(errno, ENOMEM);
			}
		}
	CHECK(!strcmp(memory, "fourteen bytes"));
	free(memory);
}

static int terminal(void)
{
	int controller = posix_openpt(O_RDWR | O_NOCTTY);

	CHECK(controller >= 0);
	SAME(grantpt(controller) | unlockpt(controller), 0);
	return controller;
}

static void check_no_terminal(int (*function)(int, struct winsize *))
{
	struct winsize size = {1, 2, 3, 4};

	SAME(function(-7, &size), -1);
	SAME(errno, EBADF);
	SAME(function(open("/dev/null", O_RDWR), &size), -1);
	SAME(errno, ENOTTY);
}

void prove_tcgetwinsize(void)
{
	int (*function)(int, struct winsize *) = ours, file = terminal(), i;

	for (i = 0; i < 100; i++) {
		struct winsize set, found;

		chance();
		memset(&set, (int)below(256), sizeof set);
		set.ws_row = (unsigned short)chance();
		SAME(ioctl(file, TIOCSWINSZ, &set), 0);
		memset(&found, 0, sizeof found);
		SAME(function(file, &found), 0);
		CHECK(!memcmp(&set, &found, sizeof set));
	}
	check_no_terminal(function);
}

void prove_tcsetwinsize(void)
{
	int (*function)(int, struct winsize *) = ours, file = terminal(), i;

	for (i = 0; i < 100; i++) {
		struct winsize wanted, set, found;

		memset(&wanted, (int)below(256), sizeof wanted);
		wanted.ws_col = (unsigned short)chance();
		set = wanted;
		SAME(function(file, &set), 0);
		SAME(ioctl(file, TIOCGWINSZ, &found), 0);
		CHECK(!memcmp(&wanted, &found, sizeof wanted)); /* not merely what it was before */
		CHECK(!memcmp(&wanted, &set, sizeof wanted));
	}
	check_no_terminal(function);
}

void prove___getauxval(void)
{
	unsigned long (*function)(unsigned long) = ours, type;

	for (type = 0; type < 100; type++) {
		unsigned long expected;
		int error;

		errno = 0;
		expected = getauxval(type);
		error = errno;
		errno = 0;
		CHECK(function(type) == expected);
		SAME(errno, error);
	}
	CHECK(function(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
}
