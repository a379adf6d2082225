/* What the extension module answers. */
int outer(void);

long probe(void)
{
    return outer();
}
