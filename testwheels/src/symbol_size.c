/* Asks the loader for the size of a symbol (R_X86_64_SIZE64), which musl's does not tell. */
__attribute__((visibility("default"))) long table[4];
__asm__(".data\nsize: .quad table@SIZE\n.text");

long probe(void)
{
    return 0;
}
