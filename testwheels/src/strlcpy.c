/* A definition of strlcpy that comes along unused. */
__attribute__((visibility("default"))) __SIZE_TYPE__ strlcpy(char *to, const char *from, __SIZE_TYPE__ size)
{
    return 0;
}
