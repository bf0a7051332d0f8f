/* reaper with the self-pipe trick: the handler turns a signal into a byte that poll can see. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int self[2];
static int alive, status;

static void handler(int sig)
{
    int saved = errno;
    (void)sig;
    (void)!write(self[1], "", 1); /* if it is full, a byte is waiting already */
    errno = saved;
}

static int launch(char **argv)
{
    pid_t pid = fork();

    switch (pid) {
    case -1:
        perror("reaper: fork");
        return -1;
    case 0:
        close(STDIN_FILENO);
        if (open("/dev/null", O_RDONLY) != STDIN_FILENO)
            _exit(126);
        execvp(argv[0], argv);
        dprintf(STDERR_FILENO, "reaper: %s: %s\n", argv[0], strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    alive++;
    dprintf(STDOUT_FILENO, "pid %d: started %s\n", pid, argv[0]);
    return 0;
}

static void collect(void)
{
    for (;;) {
        int how;
        pid_t pid = waitpid(-1, &how, WNOHANG);
        if (pid <= 0)
            return;
        alive--;
        if (how != 0)
            status = 1;
        if (WIFEXITED(how))
            dprintf(STDOUT_FILENO, "pid %d: exited with %d\n", pid, WEXITSTATUS(how));
        else
            dprintf(STDOUT_FILENO, "pid %d: killed by SIG%s\n", pid, sigabbrev_np(WTERMSIG(how)));
    }
}

int main(int argc, char **argv)
{
    int expecting = 1;

    for (int i = 1; i <= argc; i++) {
        int ends = i == argc || strcmp(argv[i], "--") == 0;
        if (ends && expecting) {
            fprintf(stderr, "usage: %s COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...\n", argv[0]);
            return 2;
        }
        expecting = ends;
    }

    if (pipe2(self, O_CLOEXEC | O_NONBLOCK) == -1) {
        perror("reaper: pipe2");
        return 1;
    }

    /* SA_RESTART is for write, so that no line is lost; poll comes back with EINTR all the same. */
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_NOCLDSTOP | SA_RESTART}, NULL);

    char **command = argv + 1;
    for (char **word = command; command != NULL; word++) {
        int last = *word == NULL;
        if (!last && strcmp(*word, "--") != 0)
            continue;
        *word = NULL;
        if (launch(command) == -1) {
            status = 1;
            break;
        }
        command = last ? NULL : word + 1;
    }

    struct pollfd fds[] = {{.fd = self[0], .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    while (alive > 0) {
        char buffer[512];
        if (poll(fds, 2, -1) == -1)
            continue;
        if (fds[0].revents) {
            while (read(self[0], buffer, sizeof buffer) > 0)
                ;
            collect();
        }
        if (fds[1].revents) {
            ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
            if (n == 0 || (n == -1 && errno != EINTR))
                fds[1].fd = -1;
            for (char *end = buffer; n > 0 && (end = memchr(end, '\n', buffer + n - end)) != NULL; end++)
                dprintf(STDOUT_FILENO, "running: %d\n", alive);
        }
    }
    return status;
}
