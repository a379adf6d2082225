/*
 * A function chosen at load time (STT_GNU_IFUNC), written as a second name of its resolver, since compilers for musl refuse the
 * attribute. Hidden: the linker makes an IRELATIVE relocation of a reference. With -DEXPORTED: a reference by name.
 */
typedef long function(void);

static long implementation(void)
{
    return 42;
}

__attribute__((used)) static function *resolve(void)
{
    return implementation;
}

#ifdef __arm__
#define IS_IFUNC "%gnu_indirect_function"
#else
#define IS_IFUNC "@gnu_indirect_function"
#endif
__asm__(".globl chosen\n.type chosen, " IS_IFUNC "\n.set chosen, resolve");
#ifdef EXPORTED
__attribute__((visibility("default")))
#endif
function chosen;

#ifndef EXPORTED
__asm__(".hidden chosen");
#endif

long probe(void)
{
#ifdef REFERS
    return chosen();
#else
    return 0;
#endif
}
