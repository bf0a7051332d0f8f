/*
 * Crash: recursion far deeper than the stack has room for.
 */
#include <stdlib.h>

static int depth_of(int levels)
{
    volatile char frame[4096];
    frame[0] = (char)levels;
    return levels == 0 ? 0 : 1 + depth_of(levels - 1) + (frame[0] == 0 ? 0 : 0);
}

int main(void)
{
    return depth_of(100 * 1000) == 100 * 1000 ? EXIT_SUCCESS : EXIT_FAILURE;
}
