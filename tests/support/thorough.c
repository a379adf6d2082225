/*
 * A library with every kind of pointer into itself, and much .bss. Its constructor ends the process by a trap unless every
 * relocation was applied, once, and all of .bss is zero. With PROGRAM defined, a program that does the same.
 */
#include <stdlib.h>
#include <string.h>

#define COUNT 64
#define POINTERS(i) &numbers[i], &numbers[i + 1], &numbers[i + 2], &numbers[i + 3]

extern char **environ;

static long numbers[COUNT] = {40, 2};
static long zeros[20000];
static long *const volatile pointers[COUNT] = {
    POINTERS(0),  POINTERS(4),  POINTERS(8),  POINTERS(12), POINTERS(16), POINTERS(20), POINTERS(24), POINTERS(28),
    POINTERS(32), POINTERS(36), POINTERS(40), POINTERS(44), POINTERS(48), POINTERS(52), POINTERS(56), POINTERS(60),
};
static long *volatile into_zeros[] = {&zeros[0], 0, &zeros[7], 0, 0, &zeros[19999]};

/* Not aligned, so no linker packs these. */
static struct __attribute__((packed)) {
    char before;
    long *number;
    short between;
    long *zero;
} odd = {1, &numbers[0], 2, &zeros[5]};

long exported = 7;
static long *volatile to_exported = &exported;
static size_t (*volatile length)(const char *) = strlen;
static const char *volatile words[] = {"one", "three", "seventeen"};
static _Thread_local long counter = 5;
static long total;

static long increment(long value)
{
    return value + 1;
}

static long (*volatile functions[])(long) = {increment, 0, increment};

long twice(long value)
{
    return value * 2;
}

static void check(int is_right)
{
    if (!is_right)
        __builtin_trap();
}

__attribute__((constructor)) static void check_all(void)
{
    long *pointer;
    void *memory;

    for (int index = 0; index < COUNT; index++) {
        check(pointers[index] == &numbers[index]);
        total += *pointers[index];
    }
    for (int index = 0; index < 20000; index++)
        check(((volatile long *)zeros)[index] == 0);
    check(into_zeros[0] == zeros && into_zeros[2] == zeros + 7 && into_zeros[5] == zeros + 19999);
    check(!into_zeros[1] && !into_zeros[3] && !into_zeros[4]);
    memcpy(&pointer, (char *)&odd + 1, sizeof pointer);
    check(pointer == numbers);
    memcpy(&pointer, (char *)&odd + 3 + sizeof pointer, sizeof pointer);
    check(pointer == zeros + 5);
    check(to_exported == &exported && *to_exported == 7);
    check(length(words[0]) == 3 && strlen(words[1]) == 5 && length(words[2]) == 9);
    check(functions[0](1) == 2 && functions[2](2) == 3 && !functions[1]);
    check(twice(4) == 8 && counter++ == 5 && environ && total == 42);
    memory = malloc(10);
    check(memory != 0);
    free(memory);
}

long answer(void)
{
    return total;
}

#ifdef PROGRAM
#include <stdio.h>

int main(void)
{
    FILE *volatile output = stdout; /* a copy relocation */

    check(fflush(output) == 0);
    return 0;
}
#endif
