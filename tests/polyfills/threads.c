/* What is about threads: pthread_getname_np and __cxa_thread_atexit_impl. */
#include "prove.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 16

/* --- pthread_getname_np */

typedef int name_function(pthread_t, char *, size_t);

static const char *const names[] = {"", "a", "fourteen bytes", "fifteen bytes!!", "two\nlines", " \t%s", "\xc3\xa9\xff"};
static atomic_int stage, thread_id;

static void wait_for(int wanted)
{
	while (atomic_load(&stage) != wanted)
		usleep(100);
}

static void *be_named(void *unused)
{
	size_t i;

	atomic_store(&thread_id, (int)syscall(SYS_gettid));
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		SAME(prctl(PR_SET_NAME, names[i]), 0);
		atomic_fetch_add(&stage, 1);
		wait_for((int)(2 * i + 2));
	}
	return unused;
}

static void check_name(pthread_t thread, const char *expected)
{
	char mine[64], theirs[64];
	size_t size;

	for (size = 16; size <= 64; size += 24) {
		memset(mine, 'x', sizeof mine);
		errno = 4711;
		SAME(((name_function *)ours)(thread, mine, size), 0);
		SAME(errno, 4711);
		CHECK(!strcmp(mine, expected));
		if (libcs) {
			SAME(((name_function *)libcs)(thread, theirs, size), 0);
			CHECK(!strcmp(mine, theirs));
		}
	}
	for (size = 0; size < 16; size++) {
		memset(mine, 'x', sizeof mine);
		SAME(((name_function *)ours)(thread, mine, size), ERANGE);
		SAME(errno, 4711);
		SAME(mine[0], 'x');
	}
}

static void check_ended(pthread_t thread)
{
	char path[64], name[16];
	int error;

	snprintf(path, sizeof path, "/proc/self/task/%d", atomic_load(&thread_id));
	while (!access(path, F_OK))
		usleep(100);
	errno = 4711;
	error = ((name_function *)ours)(thread, name, sizeof name);
	SAME(errno, 4711);
	CHECK(error > 0);
	if (libcs)
		SAME(error, ((name_function *)libcs)(thread, name, sizeof name));
}

static pthread_t peers[THREADS];
static pthread_barrier_t barrier;

static void *read_peers(void *number)
{
	int count = is_emulated ? 20 : 10000, i;
	char name[16], expected[16];

	snprintf(name, sizeof name, "peer %d", (int)(intptr_t)number);
	prctl(PR_SET_NAME, name);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < count; i++) {
		int other = (i + (int)(intptr_t)number) % THREADS;

		snprintf(expected, sizeof expected, "peer %d", other);
		SAME(((name_function *)ours)(peers[other], name, sizeof name), 0);
		CHECK(!strcmp(name, expected));
	}
	pthread_barrier_wait(&barrier);
	return 0;
}

static void start(pthread_t *threads, void *(*function)(void *))
{
	int i;

	for (i = 0; i < THREADS; i++)
		SAME(pthread_create(threads + i, 0, function, (void *)(intptr_t)i), 0);
}

static void join(pthread_t *threads)
{
	int i;

	for (i = 0; i < THREADS; i++)
		SAME(pthread_join(threads[i], 0), 0);
}

void prove_pthread_getname_np(void)
{
	pthread_t thread;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		SAME(prctl(PR_SET_NAME, names[i]), 0);
		check_name(pthread_self(), names[i]);
	}
	SAME(pthread_create(&thread, 0, be_named, 0), 0);
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		wait_for((int)(2 * i + 1));
		if (!is_emulated) /* qemu names no thread but its own */
			check_name(thread, names[i]);
		atomic_fetch_add(&stage, 1);
	}
	if (is_emulated) {
		char name[16];

		SAME(((name_function *)ours)(thread, name, sizeof name - 1), ERANGE);
		pthread_join(thread, 0);
		return;
	}
	check_ended(thread);
	pthread_join(thread, 0);
	pthread_barrier_init(&barrier, 0, THREADS + 1);
	start(peers, read_peers);
	pthread_barrier_wait(&barrier); /* all handles are known now */
	pthread_barrier_wait(&barrier);
	join(peers);
}

/* --- __cxa_thread_atexit_impl */

typedef int register_function(void (*)(void *), void *, void *);

static int output; /* of a case: what was destroyed, in order, a letter each */

static void note(void *letter)
{
	char byte = (char)(intptr_t)letter;

	if (write(output, &byte, 1) != 1)
		_exit(9);
}

static void on_end(char letter, void (*destroy)(void *))
{
	SAME(((register_function *)ours)(destroy, (void *)(intptr_t)letter, 0), 0);
}

static void note_and_register(void *letter)
{
	note(letter);
	on_end((char)((intptr_t)letter + 1), note);
	on_end((char)((intptr_t)letter + 2), note);
}

static void first_handler(void)
{
	note((void *)'1');
}

static void second_handler(void)
{
	note((void *)'2');
}

static void *three(void *unused)
{
	on_end('a', note);
	on_end('b', note);
	on_end('c', note);
	return unused;
}

static void *nested(void *unused)
{
	on_end('a', note);
	on_end('x', note_and_register);
	return unused;
}

static void *ending_by_pthread_exit(void *unused)
{
	three(0);
	pthread_exit(unused);
}

static void *never_returning(void *unused)
{
	three(0);
	atomic_fetch_add(&stage, 1);
	for (;;)
		pause();
	return unused;
}

static void *exiting(void *unused)
{
	three(0);
	exit(0);
	return unused;
}

static void *forking(void *unused)
{
	int status;

	three(0);
	if (!fork()) {
		on_end('d', note);
		exit(0);
	}
	wait(&status);
	note((void *)'|');
	return unused;
}

static pthread_key_t key;

static void register_late(void *unused)
{
	(void)unused;
	on_end('z', note);
}

static void *registering_from_other_data(void *unused)
{
	three(0);
	SAME(pthread_setspecific(key, &key), 0);
	return unused;
}

static void run(void *(*function)(void *))
{
	pthread_t thread;

	SAME(pthread_create(&thread, 0, function, 0), 0);
	if (function == never_returning) {
		wait_for(1);
		pthread_cancel(thread);
	}
	pthread_join(thread, 0);
}

static void in_main(void)
{
	atexit(first_handler);
	three(0);
	exit(0);
}

static void in_main_between_handlers(void)
{
	atexit(first_handler);
	on_end('a', note);
	atexit(second_handler);
	on_end('b', note);
	exit(0);
}

static void in_main_nested(void)
{
	nested(0);
	exit(0);
}

static void in_main_by_pthread_exit(void)
{
	three(0);
	pthread_exit(0);
}

static void from_handler(void)
{
	note((void *)'h');
	on_end('y', note);
}

static void in_main_from_handler(void)
{
	atexit(from_handler);
	on_end('a', note);
	exit(0);
}

static void with_key(void)
{
	pthread_key_create(&key, register_late);
	run(registering_from_other_data);
}

static const struct {
	void *(*thread)(void *);
	void (*program)(void);
	const char *expected, *also; /* the order of keys is musl's own affair */
} cases[] = {
	{three, 0, "cba"},
	{nested, 0, "xzya"},
	{ending_by_pthread_exit, 0, "cba"},
	{never_returning, 0, "cba"},
	{exiting, 0, "cba"},
	{forking, 0, "dcba|cba"},
	{0, in_main, "cba1"},
	{0, in_main_between_handlers, "ba21"},
	{0, in_main_nested, "xzya"},
	{0, in_main_by_pthread_exit, "cba"},
	{0, in_main_from_handler, "ahy"},
	{0, with_key, "cbaz", "zcba"},
};

static void prove_case(size_t number)
{
	char found[64] = "";
	int pipes[2], status;
	ssize_t length = 0, more;

	SAME(pipe(pipes), 0);
	if (!fork()) {
		output = pipes[1];
		close(pipes[0]);
		if (cases[number].program)
			cases[number].program();
		else
			run(cases[number].thread);
		_exit(0);
	}
	close(pipes[1]);
	while ((more = read(pipes[0], found + length, sizeof found - 1 - (size_t)length)) > 0)
		length += more;
	close(pipes[0]);
	wait(&status);
	if (status)
		printf("case %zu\n", number);
	SAME(status, 0);
	if (strcmp(found, cases[number].expected) && (!cases[number].also || strcmp(found, cases[number].also))) {
		printf("case %zu: %s\n", number, found);
		fail(__FILE__, __LINE__, cases[number].expected, 0, 0);
	}
}

static atomic_long destroyed;
static _Thread_local long last;

static void count_down(void *number)
{
	SAME((intptr_t)number, last); /* each in the thread that registered it, the youngest first */
	last--;
	atomic_fetch_add(&destroyed, 1);
}

static void *register_many(void *unused)
{
	long count = is_emulated ? 100 : 10000;

	for (last = 0; last < count;) {
		last++;
		SAME(((register_function *)ours)(count_down, (void *)(intptr_t)last, 0), 0);
	}
	return unused;
}

static void *register_one(void *unused)
{
	last = 1;
	SAME(((register_function *)ours)(count_down, (void *)1, 0), 0);
	return unused;
}

void prove___cxa_thread_atexit_impl(void)
{
	pthread_t threads[THREADS];
	int rounds = is_emulated ? 4 : 625, i;
	long expected = THREADS * (is_emulated ? 100 : 10000);
	size_t number;

	for (number = 0; number < sizeof cases / sizeof *cases; number++)
		prove_case(number);
	start(threads, register_many);
	join(threads);
	SAME(destroyed, expected);
	for (i = 0; i < rounds; i++) { /* 16 threads at a time, 10,000 in all */
		start(threads, register_one);
		join(threads);
	}
	SAME(destroyed, expected + THREADS * rounds);
}
