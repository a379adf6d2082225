/* Defines answer@V1, as a library does for programs linked long ago; with -DNEWER also answer@@V2, for new ones. */
__asm__(".symver answer_v1, answer@V1");
__attribute__((visibility("default"))) long answer_v1(void)
{
    return 42;
}
#ifdef NEWER
__asm__(".symver answer_v2, answer@@V2");
__attribute__((visibility("default"))) long answer_v2(void)
{
    return 43;
}
#endif
