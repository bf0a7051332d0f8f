/*
 * Two programs that are known: `canary good` does what programs do and ends at once, `canary bad` never ends. Where
 * these are not told apart, nothing that depends on time can be said of another program.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int speak_through_a_child(void)
{
    char word[4];
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (child == 0)
        _exit(write(ends[1], "good", sizeof word) != sizeof word);
    int status;
    if (read(ends[0], word, sizeof word) != sizeof word || waitpid(child, &status, 0) != child || status != 0)
        return 1;
    return write(STDOUT_FILENO, word, sizeof word) != sizeof word;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "good") == 0)
        return speak_through_a_child();
    for (volatile unsigned long turns = 0;; turns++)
        ;
}
