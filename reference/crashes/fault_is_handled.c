/*
 * Right, if odd: a handler of SIGSEGV jumps back to before the invalid access.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

static sigjmp_buf before_access;

static void jump_back(int number)
{
    siglongjmp(before_access, number);
}

int main(void)
{
    struct sigaction action = { .sa_handler = jump_back };
    sigaction(SIGSEGV, &action, NULL);

    if (sigsetjmp(before_access, 1) == SIGSEGV)
        return EXIT_SUCCESS;
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
    return EXIT_FAILURE;
}
