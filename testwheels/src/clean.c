/* Uses libc as every program does, and nothing that came late. */
__SIZE_TYPE__ strlen(const char *);
int getpid(void);

long probe(void)
{
    return getpid() > 0 ? (long)strlen("musl") : 0;
}
