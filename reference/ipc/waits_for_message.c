/*
 * Deadlock: the child waits for a message in an empty System V queue, and the parent waits for the child before it
 * would send one.
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
    waitpid(child, NULL, 0);
    msgsnd(queue, &message, sizeof message.text, 0);
    msgctl(queue, IPC_RMID, NULL);
    return EXIT_SUCCESS;
}
