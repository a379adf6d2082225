/* An instruction of AVX2, of which the assembler notes that it was used, though nobody said that it is needed. */
__attribute__((visibility("default"))) long vectors(void)
{
    __asm__("vpaddd %ymm0, %ymm0, %ymm0");
    return 0;
}

long probe(void)
{
    return 0;
}
