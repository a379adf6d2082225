/* A thread-local variable of the file's own, reached as `MODEL` says; exported if the case wants a named symbol. */
#ifndef MODEL
#define MODEL "global-dynamic"
#endif
#ifndef LINKAGE
#define LINKAGE static
#endif
#ifndef NAME
#define NAME probe
#endif

LINKAGE __thread __attribute__((tls_model(MODEL))) long counter = 41;

__attribute__((visibility("default"))) long NAME(void)
{
    return ++counter;
}
