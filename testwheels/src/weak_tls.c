/* Refers weakly to a thread-local variable that perhaps nobody defines. */
extern __attribute__((weak)) __thread long counter;

long probe(void)
{
    return &counter ? counter : 0;
}
