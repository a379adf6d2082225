/*
 * Refers to the symbols that the case names, by address: the loader must resolve each when it loads the file, and nothing
 * is called. -DSTRONG='X(a)X(b)' for strong references, -DWEAK='X(c)' for weak ones.
 */
#ifndef STRONG
#define STRONG
#endif
#ifndef WEAK
#define WEAK
#endif

#define X(name) void name(void);
STRONG
#undef X
#define X(name) __attribute__((weak)) void name(void);
WEAK
#undef X

long probe(void)
{
    volatile __UINTPTR_TYPE__ address; /* else the compiler knows that a strong reference is not null, and drops it */
    long found = 0;
#define X(name) address = (__UINTPTR_TYPE__)&name, found += address != 0;
    STRONG
    WEAK
#undef X
    return found;
}
