/*
 * Pointers in the code itself, beside others: the loader must make the code writable to relocate them. The constructor
 * ends the process by a trap unless all were relocated.
 */
static long numbers[] = {40, 2};
static long *volatile pointers[] = {&numbers[0], &numbers[1]};
extern long *in_code[2] __attribute__((visibility("hidden")));

__asm__(".pushsection .text\n"
        ".balign 8\n"
        ".globl in_code\n"
        ".hidden in_code\n"
        "in_code: .quad numbers, numbers + 8\n"
        ".popsection\n");

__attribute__((constructor)) static void check_all(void)
{
    for (int index = 0; index < 2; index++)
        if (in_code[index] != &numbers[index] || pointers[index] != in_code[index])
            __builtin_trap();
}
