/* Compiled without -fPIC, the address of another file's function ends up in the code itself: a text relocation. */
int getpid(void);

long probe(void)
{
    return getpid() > 0;
}
