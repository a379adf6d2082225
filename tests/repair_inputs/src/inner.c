/* The deepest library: pointers that the loader must relocate, a constructor, and a thread's own variable. */
static int seven = 7;
static int *const table[8] = {&seven, &seven, &seven, &seven, &seven, &seven, &seven, &seven};
static int *volatile const *volatile where = (int *volatile const *)table;
static __thread int calls;
static int ready;

__attribute__((constructor)) static void prepare(void)
{
    ready = *where[3];
}

__attribute__((visibility("default"))) int inner(void)
{
    calls++;
    return calls > 0 ? ready : -1;
}
