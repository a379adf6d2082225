int inner(void);

__attribute__((visibility("default"))) int side(void)
{
    return inner() + 1;
}
