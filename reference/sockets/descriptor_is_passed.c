/*
 * Right: the child receives the write end of a pipe as a message, over a socket, and is then the only one to hold it.
 * While it is under way no process does.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct parcel {
    struct msghdr message;
    struct iovec content;
    char byte;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void prepare(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->content = (struct iovec){ .iov_base = &parcel->byte, .iov_len = 1 };
    parcel->message = (struct msghdr){ .msg_iov = &parcel->content, .msg_iovlen = 1,
        .msg_control = parcel->control, .msg_controllen = sizeof parcel->control };
}

int main(void)
{
    int pair[2], ends[2];
    struct parcel parcel;
    prepare(&parcel);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        err(EXIT_FAILURE, "socketpair");

    pid_t child = fork();
    if (child < 0)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        usleep(100 * 1000);
        recvmsg(pair[1], &parcel.message, 0);
        int received = *(int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&parcel.message));
        write(received, "hello", 5);
        close(received);
        _exit(EXIT_SUCCESS);
    }

    if (pipe(ends) < 0)
        err(EXIT_FAILURE, "pipe");
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    *header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) };
    *(int *)(void *)CMSG_DATA(header) = ends[1];
    sendmsg(pair[0], &parcel.message, 0);
    close(ends[1]);
    while (read(ends[0], &parcel.byte, 1) > 0)
        ;
    close(ends[0]);
    close(pair[0]);
    close(pair[1]);
    waitpid(child, NULL, 0);
    return EXIT_SUCCESS;
}
