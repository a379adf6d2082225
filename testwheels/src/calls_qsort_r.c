/* A program that sorts with qsort_r. */
void qsort_r(void *, __SIZE_TYPE__, __SIZE_TYPE__, int (*)(const void *, const void *, void *), void *);

static int compare(const void *left, const void *right, void *unused)
{
    return *(const int *)left - *(const int *)right;
}

int main(void)
{
    int numbers[] = {2, 1};
    qsort_r(numbers, 2, sizeof *numbers, compare, 0);
    return numbers[0] != 1;
}
