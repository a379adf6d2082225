/* A program that is not position-independent copies libc's variable into itself (R_X86_64_COPY). */
extern char **environ;

int main(void)
{
    return !environ;
}
