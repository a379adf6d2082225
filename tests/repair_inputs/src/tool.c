/* A program that needs a library: says what it was given, and what the library answers. */
int outer(void);
int printf(const char *, ...);

int main(int count, char **arguments)
{
    printf("%d %s\n", outer(), count > 1 ? arguments[1] : "-");
    return count - 2;
}
