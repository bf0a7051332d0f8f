/*
 * Right: the program waits for a message of the type that it has sent.
 */
#include <err.h>
#include <stdlib.h>
#include <sys/msg.h>

struct message {
    long type;
    char text[8];
};

int main(void)
{
    struct message message = { .type = 1, .text = "hello" };
    int queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0 || msgsnd(queue, &message, sizeof message.text, 0) < 0)
        err(EXIT_FAILURE, "queue");

    msgrcv(queue, &message, sizeof message.text, 1, 0);
    msgctl(queue, IPC_RMID, NULL);
    return EXIT_SUCCESS;
}
