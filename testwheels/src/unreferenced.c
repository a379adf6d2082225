/* Names qsort_r as an undefined symbol that no relocation refers to: the loader never looks it up. */
__asm__(".globl qsort_r\n.type qsort_r, @function");

long probe(void)
{
    return 0;
}
