#include <stddef.h>
int main(int argc, char **argv)
{
    int *p = argc > 100 ? &argc : NULL;
    (void)argv;
    *p = 3;
    return 0;
}
