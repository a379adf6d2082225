/*
 * The variables of the probes, and their places, found by another model of thread-local storage.
 *
 * Two are near, one is farther than a page into the block.
 */
#define HIDDEN __attribute__((visibility("hidden"), tls_model("global-dynamic")))

HIDDEN __thread long variable_0 = 1000;
HIDDEN __thread long variable_1 = 1001;
HIDDEN __thread char between[70000];
HIDDEN __thread long variable_2 = 1002;

void *place(int which)
{
    between[which] = 1;
    return which == 0 ? &variable_0 : which == 1 ? &variable_1 : &variable_2;
}
