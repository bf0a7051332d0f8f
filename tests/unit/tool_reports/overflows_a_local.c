#include <stdio.h>
int main(int argc, char **argv)
{
    int numbers[4] = {0};
    (void)argv;
    for (int i = 0; i < 4 + argc; i++)
        numbers[i] = i;
    return numbers[argc];
}
