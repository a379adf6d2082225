/*
 * probe LIBRARY MANY: run each access of a library that is opened late, in several threads, and compare what it changed.
 *
 * Every register but the one of the access, the flags and the red zone must be as they were.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct probe {
    void (*run)(unsigned long *);
    long number, is_add, variable, flags;
};

static struct probe *probes;
static void *(*place)(int);
static long (*many)(void);
static long wrong, ran, count;

#if defined(__x86_64__)
enum { REGISTERS = 16, STACK_POINTER = 4, RED_ZONE = 16 };

static unsigned long thread_pointer(void)
{
    unsigned long found;
    __asm__("mov %%fs:0,%0" : "=r"(found));
    return found;
}

/* As lahf and seto leave them: the flags of the sum, or those that were there. */
static unsigned long expected_flags(struct probe *probe, unsigned long before, unsigned long added)
{
    unsigned long found = 0;
    if (probe->is_add)
        __asm__("add %2,%1\n\tlahf\n\tseto %%al\n\tmovzwl %%ax,%%eax" : "=a"(found), "+r"(before) : "r"(added) : "cc");
    else
        found = (probe->flags & 0xff) << 8 | (probe->flags >> 11 & 1);
    return found;
}
#else
enum { REGISTERS = 31, STACK_POINTER = -1, RED_ZONE = 0 };

static unsigned long thread_pointer(void)
{
    return (unsigned long)__builtin_thread_pointer();
}

static unsigned long expected_flags(struct probe *probe, unsigned long before, unsigned long added)
{
    return probe->flags;
}
#endif

static void require(int is_right, long at, const char *what, long number)
{
    if (!is_right && __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED) < 5)
        printf("wrong: access %ld, %s %ld\n", at, what, number);
}

static void *walk(void *unused)
{
    for (long at = 0; probes[at].run; at++) {
        struct probe *probe = &probes[at];
        unsigned long found[33] = {0}, before = 0x1000 + 0x111 * probe->number;
        unsigned long distance = (unsigned long)place(probe->variable) - thread_pointer();
        unsigned long value = probe->is_add ? before + distance : distance;
        probe->run(found);
        for (long one = 0; one < REGISTERS; one++)
            if (one != STACK_POINTER)
                require(found[one] == (one == probe->number ? value : 0x1000 + 0x111ul * one), at, "register", one);
        for (long word = 0; word < RED_ZONE; word++)
            require(found[16 + word] == 0x5000ul + word, at, "red zone", word);
        require(found[32] == expected_flags(probe, before, distance), at, "flags", found[32]);
        require(*(long *)place(probe->variable) == 1000 + probe->variable, at, "variable", probe->variable);
        __atomic_fetch_add(&ran, 1, __ATOMIC_RELAXED);
    }
    require(many() == count * 1002, -1, "sum", many());
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t threads[4];
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : 0;
    if (!library) {
        printf("refused %s\n", argc == 3 ? dlerror() : "");
        fflush(0);
        _exit(3);
    }
    count = atol(argv[2]);
    probes = dlsym(library, "probes");
    *(void **)&place = dlsym(library, "place");
    *(void **)&many = dlsym(library, "many");
    walk(0);
    for (int at = 0; at < 4; at++)
        pthread_create(&threads[at], 0, walk, 0);
    for (int at = 0; at < 4; at++)
        pthread_join(threads[at], 0);
    printf(wrong ? "wrong %ld\n" : "ok %ld\n", wrong ? wrong : ran);
    fflush(0);
    _exit(wrong != 0);
}
