/*
 * Right: the handler of SIGIO, which tells that somebody wants the file, gives the lease back.
 */
#define _GNU_SOURCE /* F_SETLEASE */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int file;

static void give_back(int number)
{
    (void)number;
    fcntl(file, F_SETLEASE, F_UNLCK);
}

int main(void)
{
    struct sigaction action = { .sa_handler = give_back, .sa_flags = SA_RESTART };
    sigaction(SIGIO, &action, NULL);
    file = open("leased.txt", O_RDWR | O_CREAT, 0644);
    if (file < 0 || fcntl(file, F_SETLEASE, F_WRLCK) < 0)
        err(EXIT_FAILURE, "leased.txt");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(open("leased.txt", O_RDONLY));
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    close(file);
    return EXIT_SUCCESS;
}
