int inner(void);

__attribute__((visibility("default"))) int middle(void)
{
    return 10 * inner();
}
