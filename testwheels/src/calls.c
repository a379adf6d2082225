/* Calls `CALLS` of a needed library, by default `answer`; as `NAME`, by default the probe of an extension module. */
#ifndef NAME
#define NAME probe
#endif
#ifndef CALLS
#define CALLS answer
#endif

long CALLS(void);

__attribute__((visibility("default"))) long NAME(void)
{
    return CALLS() + 1;
}
