/*
 * Right: the parent sends the message, after a while, and waits for the child afterwards.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type;
    char text[8];
};

int main(void)
{
    struct message message = { .type = 1, .text = "hello" };
    int queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0)
        err(EXIT_FAILURE, "msgget");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        msgrcv(queue, &message, sizeof message.text, 0, 0);
        _exit(EXIT_SUCCESS);
    }
    usleep(100 * 1000);
    msgsnd(queue, &message, sizeof message.text, 0);
    waitpid(child, NULL, 0);
    msgctl(queue, IPC_RMID, NULL);
    return EXIT_SUCCESS;
}
