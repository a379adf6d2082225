/* A library that defines a thread-local variable for others. */
__attribute__((visibility("default"))) __thread long counter = 42;
