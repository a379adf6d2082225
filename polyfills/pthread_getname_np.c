/*
 * pthread_getname_np: write the name of a thread, at most 15 bytes and a zero, into a buffer.
 *
 * musl has it from 1.2.3 on.
 *
 * - Returns 0 or an error number, and leaves errno alone. ERANGE: the buffer has less than 16 bytes. For another thread
 *   also what open and read answer about /proc: ENOENT where it is not mounted, and for a thread that ended.
 * - As with every function of threads, the handle must be one of a thread that was not joined, nor detached and ended.
 * - No cancellation point. It takes no lock and holds no state, so threads may call it at once.
 */
#include "polyfill.h"
#include <linux/fcntl.h>
#include <linux/prctl.h>

#define NAME_SIZE 16 /* of a name and its zero: TASK_COMM_LEN of the kernel */

typedef struct thread *pthread_t;

extern pthread_t pthread_self(void);
extern int pthread_getcpuclockid(pthread_t, int *);

static int own_name(char *name)
{
	return syscall(__NR_prctl, (long)PR_GET_NAME, (long)name, 0L, 0L, 0L) ? errno : 0;
}

/*
 * Return the kernel's id of a thread, which musl keeps to itself but for the clock of the thread's processor time:
 * the kernel's number for that is ~id << 3 | 6.
 */
static int id_of(pthread_t thread)
{
	int clock;

	return pthread_getcpuclockid(thread, &clock) ? 0 : ~(clock >> 3);
}

/* Write "/proc/self/task/ID/comm" into `path`, for which 64 bytes are plenty. */
static void write_path(char *path, unsigned id)
{
	static const char before[] = "/proc/self/task/", after[] = "/comm";
	char digits[10];
	unsigned count = 0, i;

	do
		digits[count++] = (char)('0' + id % 10);
	while (id /= 10);
	for (i = 0; before[i]; i++)
		*path++ = before[i];
	while (count)
		*path++ = digits[--count];
	for (i = 0; i < sizeof after; i++)
		*path++ = after[i];
}

static int name_of(pthread_t thread, char *name, size_t size)
{
	char path[64];
	int file, error = 0;
	long length;

	write_path(path, (unsigned)id_of(thread));
	file = (int)syscall(__NR_openat, (long)AT_FDCWD, (long)path, (long)(O_RDONLY | O_CLOEXEC), 0L);
	if (file < 0)
		return errno;
	length = syscall(__NR_read, (long)file, (long)name, (long)size);
	if (length < 0)
		error = errno;
	else
		name[length ? length - 1 : 0] = 0; /* the kernel ends it with a line feed */
	syscall(__NR_close, (long)file);
	return error;
}

EXPORT int pthread_getname_np(pthread_t thread, char *name, size_t size)
{
	int saved = errno, error;

	if (size < NAME_SIZE)
		return ERANGE;
	error = thread == pthread_self() ? own_name(name) : name_of(thread, name, size);
	errno = saved;
	return error;
}
