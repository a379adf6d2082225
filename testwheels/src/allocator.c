/* A program with a malloc of its own, which libc then uses as well: a program may do that. */
static char heap[1 << 16];
static __SIZE_TYPE__ used;

__attribute__((visibility("default"))) void *malloc(__SIZE_TYPE__ size)
{
    void *block = heap + used;
    used += (size + 15) & -16ul;
    return used <= sizeof heap ? block : 0;
}

__attribute__((visibility("default"))) void free(void *block)
{
}

int main(void)
{
    return !malloc(1);
}
