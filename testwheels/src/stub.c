/* A stand-in for a library that is only named at link time; with the symbols whose versions the case wants to refer to. */
#define DEFINE(name) __attribute__((visibility("default"))) void name(void) {}
#ifdef X0
DEFINE(X0)
#endif
#ifdef X1
DEFINE(X1)
#endif
