/*
 * __cxa_thread_atexit_impl: have a destructor called when the calling thread ends. It is how compilers destroy what is
 * thread_local in C++ and Rust; no musl has it.
 *
 * Returns 0, or -1 where there is no memory, or no key for thread-specific data (musl has 128) left.
 *
 * - Destructors run in the reverse order of registration. One that registers another has that one run next.
 * - They run when a thread returns, calls pthread_exit or is cancelled: among the destructors of thread-specific data,
 *   by musl's order of keys. What those register later runs in a further round; POSIX promises four rounds.
 * - They run in the thread that calls exit, before the handlers of atexit that were there when the object was
 *   registered by the main thread, or when the first of all was. Handlers that came later run before them, which
 *   the C++ standard does not want, and libc gives no place ahead of them. _exit, quick_exit and signals run none.
 * - In the child of a fork, what the forking thread had registered is registered still.
 * - `library` would keep the caller's library from being unloaded; musl unloads none.
 * - Not safe in signal handlers: it allocates.
 */
#include "polyfill.h"

typedef void destructor(void *);

struct entry {
	destructor *destroy;
	void *object;
	struct entry *older;
};

extern void *malloc(size_t);
extern void free(void *);
extern int atexit(void (*)(void));
extern int getpid(void);
extern int pthread_once(int *, void (*)(void));
extern int pthread_key_create(unsigned *, void (*)(void *));
extern void *pthread_getspecific(unsigned);
extern int pthread_setspecific(unsigned, const void *);

static int once;
static int is_ready; /* written under `once` */
static unsigned youngest;

/* Run what the thread has registered; the list is whole at each call, for the destructor may register or exit. */
static void destroy_all(void *list)
{
	struct entry *entry = list;
	struct entry first;

	for (; entry; entry = pthread_getspecific(youngest)) {
		first = *entry;
		pthread_setspecific(youngest, first.older);
		free(entry);
		first.destroy(first.object);
	}
}

static void destroy_at_exit(void)
{
	destroy_all(pthread_getspecific(youngest));
}

static void make_ready(void)
{
	is_ready = !pthread_key_create(&youngest, destroy_all) && !atexit(destroy_at_exit);
}

static int is_main_thread(void)
{
	return syscall(__NR_gettid) == getpid();
}

EXPORT int __cxa_thread_atexit_impl(destructor *destroy, void *object, void *library)
{
	struct entry *entry;

	(void)library;
	pthread_once(&once, make_ready);
	if (!is_ready || !(entry = malloc(sizeof *entry)))
		return -1;
	entry->destroy = destroy;
	entry->object = object;
	entry->older = pthread_getspecific(youngest);
	/* The main thread has a handler for each object, behind all that are there by now. */
	if (pthread_setspecific(youngest, entry) || (is_main_thread() && atexit(destroy_at_exit))) {
		pthread_setspecific(youngest, entry->older);
		free(entry);
		return -1;
	}
	return 0;
}
