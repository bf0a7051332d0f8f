/*
 * Right: RLIMIT_AS makes malloc fail, which the program handles.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int main(void)
{
    struct rlimit limit = { .rlim_cur = 64 << 20, .rlim_max = 64 << 20 };
    setrlimit(RLIMIT_AS, &limit);

    char *block;
    while ((block = malloc(1 << 20)) != NULL)
        memset(block, 1, 1 << 20);
    return EXIT_SUCCESS;
}
