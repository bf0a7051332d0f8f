/*
 * Right: both processes open the two FIFOs in the same order, so that each open meets its partner.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_both(int mode_of_requests, int mode_of_answers)
{
    int requests = open("requests", mode_of_requests);
    int answers = open("answers", mode_of_answers);
    close(requests);
    close(answers);
}

int main(void)
{
    if (mkfifo("requests", 0600) < 0 || mkfifo("answers", 0600) < 0)
        err(EXIT_FAILURE, "mkfifo");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        open_both(O_RDONLY, O_WRONLY);
        _exit(EXIT_SUCCESS);
    }
    open_both(O_WRONLY, O_RDONLY);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
