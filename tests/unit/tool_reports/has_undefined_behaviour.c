#include <limits.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int large = INT_MAX;
    int table[4] = {1, 2, 3, 4};
    (void)argv;
    large += argc;
    printf("%d\n", large);
    printf("%d\n", 1 << (31 + argc));
    printf("%d\n", table[3 + argc]);
    return 0;
}
