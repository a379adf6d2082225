/*
 * A library full of pointers into itself: relative relocations, which a linker may pack into DT_RELR. A constructor, itself
 * found through such a pointer, follows them: where they are not applied, loading the file crashes.
 */
static long numbers[16] = {40, 2};
static long *const volatile pointers[] = {
    &numbers[0], &numbers[1], &numbers[2],  &numbers[3],  &numbers[4],  &numbers[5],  &numbers[6],  &numbers[7],
    &numbers[8], &numbers[9], &numbers[10], &numbers[11], &numbers[12], &numbers[13], &numbers[14], &numbers[15],
};
static long total;

__attribute__((constructor)) static void add_up(void)
{
    for (unsigned index = 0; index < sizeof pointers / sizeof *pointers; index++)
        total += *pointers[index];
}

__attribute__((visibility("default"))) long answer(void)
{
    return total;
}
