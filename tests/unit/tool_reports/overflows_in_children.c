#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            char *p = malloc(8);
            p[8 + i] = 1;
            free(p);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
