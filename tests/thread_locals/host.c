/*
 * host LIBRARY THREADS ROUNDS: use the thread-local variables of a library that is opened late, and compare.
 *
 * Half of the threads are there before the library is, half come after. All are interrupted by signals, whose handler
 * uses the same variables and is interrupted itself; they fork; some are cancelled. Each compares what it reads with
 * a model of its own. Says "ok", or what was wrong.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 16 };

static int (*count)(void);
static long (*initial)(int), (*kept)(int, long), (*get)(int), (*sum)(void);
static void (*set)(int, long), (*add)(int, long);
static void *(*where)(int);
static long (*mix)(long, long, long, long, long, long);
static long (*mixed)(long *, long, long, long, long, long, long);

static atomic_long wrong, handled, nested, cleaned, forked;
static atomic_int running;
static sem_t opened;
static int rounds;
static _Thread_local volatile int depth, is_ready;

struct cancelled {
    long value;
};

static void require(int is_right, const char *what)
{
    if (!is_right && atomic_fetch_add(&wrong, 1) < 5)
        dprintf(1, "wrong: %s\n", what);
}

/* What it changes it changes back: whatever instruction it came between, the thread sees nothing of it. */
static void handler(int number)
{
    int saved = errno;
    if (is_ready && depth < 3) {
        depth++;
        long before = sum(), old = get(6);
        set(6, old + 1);
        if (depth < 3) {
            raise(number);
            atomic_fetch_add(&nested, 1);
        }
        require(get(6) == old + 1, "a variable after a nested signal");
        set(6, old);
        require(sum() == before, "the sum after a handler");
        atomic_fetch_add(&handled, 1);
        depth--;
    }
    errno = saved;
}

static unsigned long next(unsigned long *state)
{
    return (*state = *state * 6364136223846793005ul + 1442695040888963407ul) >> 20;
}

static long expected_sum(const long *model)
{
    return model[0] + 3 * model[1] + 5 * model[2] + 7 * model[3] + 11 * model[4] + 13 * model[5] + 17 * model[6];
}

static void compare(const long *model)
{
    for (int which = 0; which < count(); which++)
        require(get(which) == model[which], "a variable");
    require(sum() == expected_sum(model), "the sum");
}

static void in_a_child(const long *model)
{
    fflush(0);
    pid_t child = fork();
    if (!child) {
        compare(model);
        set(2, 5);
        require(get(2) == 5, "a variable in a child");
        _exit(wrong != 0);
    }
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    require(status == 0, "a child");
    atomic_fetch_add(&forked, 1);
}

static void work(unsigned long seed, int turns)
{
    long model[MOST];
    void *places[MOST];
    for (int which = 0; which < count(); which++) {
        model[which] = initial(which);
        places[which] = where(which);
    }
    compare(model);
    for (int turn = 0; turn < turns; turn++) {
        int which = next(&seed) % count(), other = next(&seed) % count();
        long value = next(&seed);
        set(which, value);
        model[which] = kept(which, value);
        add(other, value);
        model[other] = kept(other, model[other] + value);
        require(get(which) == model[which] && get(other) == model[other], "what was just set");
        require(mix(value, turn, which, other, 5, seed) == mixed(model, value, turn, which, other, 5, seed), "a mix");
        require(where(which) == places[which], "the place of a variable");
        if (turn % 16 == 0)
            compare(model);
        if (turn == turns / 2)
            in_a_child(model);
    }
    compare(model);
    for (int which = 0; which < count(); which++)
        set(which, initial(which));
}

static void *thread(void *seed)
{
    while (sem_wait(&opened))
        ;
    sem_post(&opened);
    is_ready = 1;
    work((unsigned long)seed, rounds);
    atomic_fetch_sub(&running, 1);
    return 0;
}

static void clean(void *place)
{
    struct cancelled *mine = place;
    require(get(3) == mine->value, "a variable of a cancelled thread");
    set(3, 1);
    require(get(3) == 1, "a variable set by a cancelled thread");
    atomic_fetch_add(&cleaned, 1);
}

static void *until_cancelled(void *seed)
{
    struct cancelled mine = {0};
    is_ready = 1;
    set(3, 0);
    pthread_cleanup_push(clean, &mine);
    for (;;) {
        mine.value = (long)seed;
        set(3, mine.value);
        require(get(3) == mine.value, "a variable before cancellation");
        pthread_testcancel();
        sched_yield();
    }
    pthread_cleanup_pop(0);
    return 0;
}

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (!found) {
        printf("refused %s\n", dlerror());
        _exit(3);
    }
    return found;
}

static void open_library(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        printf("refused %s\n", dlerror());
        fflush(0);
        _exit(3);
    }
    count = symbol(library, "count"), initial = symbol(library, "initial"), kept = symbol(library, "kept");
    get = symbol(library, "get"), set = symbol(library, "set"), add = symbol(library, "add");
    sum = symbol(library, "sum"), where = symbol(library, "where");
    mix = symbol(library, "mix"), mixed = symbol(library, "mixed");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int threads = atoi(argv[2]);
    rounds = atoi(argv[3]);
    sem_init(&opened, 0, 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER | SA_RESTART};
    sigaction(SIGUSR1, &action, 0);

    pthread_t all[2 * threads], doomed[4];
    running = 2 * threads;
    for (int at = 0; at < threads; at++)
        pthread_create(&all[at], 0, thread, (void *)(long)(at + 1));
    open_library(argv[1]);
    sem_post(&opened);
    for (int at = threads; at < 2 * threads; at++)
        pthread_create(&all[at], 0, thread, (void *)(long)(at + 1));
    for (int at = 0; at < 4; at++)
        pthread_create(&doomed[at], 0, until_cancelled, (void *)(long)(at + 1));
    is_ready = 1;
    work(99, rounds);
    for (int at = 0; running || at < 64; at = at + 1) {
        pthread_kill(doomed[at % 4], SIGUSR1);
        if (running)
            pthread_kill(all[at % (2 * threads)], SIGUSR1);
        usleep(50);
    }
    for (int at = 0; at < 2 * threads; at++)
        pthread_join(all[at], 0);
    for (int at = 0; at < 4; at++) {
        void *result;
        pthread_cancel(doomed[at]);
        pthread_join(doomed[at], &result);
        require(result == PTHREAD_CANCELED, "the end of a cancelled thread");
    }
    require(cleaned == 4 && forked == 2 * threads + 1, "a count");
    require(handled && nested, "no signal came");
    printf(wrong ? "wrong %ld\n" : "ok %ld signals, %ld nested\n", wrong ? (long)wrong : (long)handled, (long)nested);
    fflush(0);
    _exit(wrong != 0);
}
