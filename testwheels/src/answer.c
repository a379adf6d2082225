/* A library that defines `NAME`, and nothing else. */
#ifndef NAME
#define NAME answer
#endif

__attribute__((visibility("default"))) long NAME(void)
{
    return 42;
}
