/* Calls `malloc` and `free`. */
void *malloc(__SIZE_TYPE__);
void free(void *);

long probe(void)
{
    void *volatile block = malloc(1);
    free(block);
    return 1;
}
