/* A program that needs nothing but libc. */
int puts(const char *);

int main(void)
{
    return puts("hello") < 0;
}
