#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    int *numbers = malloc(4 * sizeof *numbers);
    int limit;
    if (numbers[2] > 0)
        puts("positive");
    for (int i = 0; i < limit; i++)
        puts("x");
    free(numbers);
    return 0;
}
