/* A unique symbol, as C++ makes for the statics of inline functions. */
__asm__(".data\n.globl only_one\n.type only_one, @gnu_unique_object\n.size only_one, 4\nonly_one: .long 42\n.text");
extern int only_one;

long probe(void)
{
    return only_one;
}
