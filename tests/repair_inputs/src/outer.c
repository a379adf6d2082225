int middle(void);
int side(void);

__attribute__((visibility("default"))) int outer(void)
{
    return middle() + side();
}
