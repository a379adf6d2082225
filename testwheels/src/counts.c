/* A program that calls a library of the wheel, and has a thread-local variable of its own. */
int printf(const char *, ...);
long answer(void);

static __thread __attribute__((tls_model("initial-exec"))) long counter = 1;

int main(void)
{
    return printf("%ld\n", answer() + counter) < 0;
}
