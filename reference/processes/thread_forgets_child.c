/*
 * A zombie: the child is a thread's, which has ended; any thread could wait for it, and none does.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *start_child(void *argument)
{
    pid_t child = fork();
    if (child == 0)
        _exit(EXIT_SUCCESS);
    siginfo_t ended;
    waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT);
    return argument;
}

int main(void)
{
    pthread_t starter;
    pthread_create(&starter, NULL, start_child, NULL);
    pthread_join(starter, NULL);
    return EXIT_SUCCESS;
}
