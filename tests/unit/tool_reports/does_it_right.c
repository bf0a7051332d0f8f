/* What students do with memory and processes, without a fault. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    char kind; /* padding follows, which is sent through the pipe as it is */
    long value;
};

struct node {
    struct node *next;
    char *name;
};

static volatile sig_atomic_t got;

static void on_signal(int number)
{
    got = number;
}

static struct node *push(struct node *list, const char *name)
{
    struct node *node = malloc(sizeof *node);
    if (node == NULL)
        abort();
    node->next = list;
    node->name = strdup(name);
    return node;
}

static void drop(struct node *list)
{
    while (list != NULL) {
        struct node *next = list->next;
        free(list->name);
        free(list);
        list = next;
    }
}

static int deep(int depth)
{
    char text[64];
    snprintf(text, sizeof text, "%d", depth);
    return depth == 0 ? 0 : deep(depth - 1) + (text[0] != '\0');
}

static void child(int end, long value)
{
    struct message message;
    message.kind = 'v';
    message.value = value;
    if (write(end, &message, sizeof message) != (ssize_t)sizeof message)
        _exit(1);
    if (value == 0)
        execl("/bin/true", "true", (char *)NULL);
    if (value == 1)
        _exit(0);
    exit(0);
}

int main(void)
{
    char line[256];
    size_t size = 0;
    char *whole = NULL;
    struct node *list = NULL;
    int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ends[2];
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    while (fgets(line, sizeof line, stdin) != NULL)
        list = push(list, line);
    whole = malloc(1);
    for (int i = 0; i < 1000; i++) {
        whole = realloc(whole, ++size);
        whole[size - 1] = (char)i;
    }
    if (pipe(ends) == -1 || shared == MAP_FAILED)
        return 1;
    for (long i = 0; i < 3; i++)
        if (fork() == 0) {
            close(ends[0]);
            child(ends[1], i);
        }
    close(ends[1]);
    struct message message;
    long sum = 0;
    while (read(ends[0], &message, sizeof message) == (ssize_t)sizeof message)
        sum += message.value;
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    pid_t killed = fork();
    if (killed == 0) {
        char *held = malloc(10);
        held[0] = 'x';
        pause();
    }
    kill(killed, SIGKILL);
    waitpid(killed, NULL, 0);
    *shared = deep(1000);
    printf("%ld %d %d\n", sum, *shared, (int)got);
    munmap(shared, sizeof *shared);
    free(whole);
    drop(list);
    return 0;
}
