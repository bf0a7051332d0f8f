/*
 * mini_shell with handlers: SIGCHLD's reaps whatever there is and keeps the table of processes; the shell waits for
 * a job in sigsuspend. Signals from the keyboard are caught, not ignored, so that exec resets them by itself.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 256
#define MAX_JOBS 64
#define MAX_STAGES 64
#define MAX_WORDS 1024

enum { FREE, LIVE, STOPPED, DEAD };

/* One for each process that was started and whose job has not been forgotten; changed by the handler. */
static volatile struct {
    pid_t pid;
    int job, state, status, is_last;
} processes[MAX_PROCESSES];

static struct {
    int used;
    pid_t group;
    char text[4096];
} jobs[MAX_JOBS + 1];

static int interactive;
static int last_status;
static sigset_t job_mask, old_mask;

static void on_child(int signal)
{
    int saved = errno, status;
    pid_t pid;

    (void)signal;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        for (int i = 0; i < MAX_PROCESSES; i++) {
            if (processes[i].state == FREE || processes[i].pid != pid)
                continue;
            processes[i].status = status;
            processes[i].state = WIFCONTINUED(status) ? LIVE : WIFSTOPPED(status) ? STOPPED : DEAD;
        }
    }
    errno = saved;
}

static void on_key(int signal)
{
    (void)signal;
}

static int job_state(int job)
{
    int state = DEAD;

    for (int i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].job != job || processes[i].state == FREE)
            continue;
        if (processes[i].state == LIVE)
            return LIVE;
        if (processes[i].state == STOPPED)
            state = STOPPED;
    }
    return state;
}

static void forget(int job)
{
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (processes[i].job == job)
            processes[i].state = FREE;
    jobs[job].used = 0;
}

static void show(int job)
{
    const char *names[] = {"", "running", "stopped", "done"};
    printf("[%d] %s %s\n", job, names[job_state(job)], jobs[job].text);
}

static void own_terminal(pid_t group)
{
    if (interactive)
        tcsetpgrp(STDIN_FILENO, group); /* SIGTTOU is blocked whenever this is called */
}

static void wait_for(int job)
{
    sigset_t waiting = old_mask;

    sigaddset(&waiting, SIGTTOU);
    while (job_state(job) == LIVE)
        sigsuspend(&waiting);
    own_terminal(getpgrp());
    for (int i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].job != job || processes[i].state == FREE)
            continue;
        int status = processes[i].status;
        if (processes[i].state == STOPPED) {
            last_status = 128 + WSTOPSIG(status);
            break;
        }
        if (processes[i].is_last)
            last_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (job_state(job) == DEAD)
        forget(job);
    else if (interactive)
        show(job);
}

static int must_open(const char *name, int flags)
{
    int fd = open(name, flags, 0666);

    if (fd == -1) {
        perror(name);
        _exit(1);
    }
    return fd;
}

/* Runs in the child; `words` may still have redirections in them. */
static void execute(char **words)
{
    char *argv[MAX_WORDS];
    int count = 0;

    for (; *words != NULL; words++) {
        int fd = -1, to = 1;
        if (strcmp(*words, "<") == 0) {
            to = 0;
            fd = must_open(*++words, O_RDONLY);
        } else if (strcmp(*words, ">") == 0) {
            fd = must_open(*++words, O_WRONLY | O_CREAT | O_TRUNC);
        } else if (strcmp(*words, ">>") == 0) {
            fd = must_open(*++words, O_WRONLY | O_CREAT | O_APPEND);
        } else {
            argv[count++] = *words;
        }
        if (fd != -1) {
            dup2(fd, to);
            close(fd);
        }
    }
    argv[count] = NULL;
    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

static void launch(char **stages[], int count, int background, const char *text)
{
    int pipes[MAX_STAGES][2], made = 0, started = 0, failed = 0, job = 1;

    for (int i = 1; i <= MAX_JOBS; i++)
        if (jobs[i].used)
            job = i + 1;
    jobs[job].used = 1;
    jobs[job].group = 0;
    snprintf(jobs[job].text, sizeof jobs[job].text, "%s", text);

    for (; made < count - 1 && !failed; made++)
        if (pipe(pipes[made]) == -1) {
            perror("pipe");
            failed = 1;
            break;
        }
    fflush(stdout);
    for (int i = 0; i < count && !failed; i++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            failed = 1;
            break;
        }
        if (pid == 0) {
            if (interactive) {
                setpgid(0, jobs[job].group);
                if (!background)
                    own_terminal(getpgrp());
            }
            if (i > 0)
                dup2(pipes[i - 1][0], 0);
            if (i < count - 1)
                dup2(pipes[i][1], 1);
            for (int j = 0; j < made; j++) {
                close(pipes[j][0]);
                close(pipes[j][1]);
            }
            sigprocmask(SIG_SETMASK, &old_mask, NULL);
            execute(stages[i]);
        }
        if (jobs[job].group == 0)
            jobs[job].group = pid;
        if (interactive)
            setpgid(pid, jobs[job].group);
        for (int j = 0; j < MAX_PROCESSES; j++)
            if (processes[j].state == FREE) {
                processes[j].pid = pid;
                processes[j].job = job;
                processes[j].is_last = i == count - 1;
                processes[j].state = LIVE;
                break;
            }
        started++;
    }
    for (int j = 0; j < made; j++) {
        close(pipes[j][0]);
        close(pipes[j][1]);
    }
    if (started == 0) {
        jobs[job].used = 0;
    } else if (background && !failed) {
        if (interactive)
            printf("[%d] %d\n", job, (int)jobs[job].group);
        last_status = 0;
    } else {
        if (interactive && !background)
            own_terminal(jobs[job].group);
        wait_for(job);
    }
    if (failed)
        last_status = 1;
}

static int continued(const char *name, const char *which)
{
    int job = 0;

    for (int i = 1; i <= MAX_JOBS; i++)
        if (jobs[i].used && job_state(i) != DEAD && (which == NULL || atoi(which) == i))
            job = i;
    if (job == 0) {
        fprintf(stderr, "%s: no such job\n", name);
        last_status = 1;
        return 0;
    }
    if (name[0] == 'f') {
        puts(jobs[job].text);
        fflush(stdout);
        own_terminal(jobs[job].group);
    }
    for (int i = 0; i < MAX_PROCESSES; i++)
        if (processes[i].state == STOPPED && processes[i].job == job)
            processes[i].state = LIVE;
    kill(-jobs[job].group, SIGCONT);
    last_status = 0;
    return job;
}

static int is_special(const char *word)
{
    return strlen(word) == 1 ? strchr("|<>&", word[0]) != NULL : strcmp(word, ">>") == 0;
}

/* With the mask of the shell set. Returns 0 to exit. */
static int run(char *words[], int count)
{
    char **stages[MAX_STAGES], text[4096] = "";
    int stage_count = 1, background = 0, job;

    if (count == 0)
        return 1;
    if (strcmp(words[count - 1], "&") == 0) {
        background = 1;
        words[--count] = NULL;
    }
    for (int i = 0; i < count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, words[i]);
    }
    stages[0] = words;
    int arguments = 0, good = 1;
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], "|") == 0) {
            good &= arguments > 0;
            arguments = 0;
            words[i] = NULL;
            stages[stage_count++] = words + i + 1;
        } else if (strcmp(words[i], "&") == 0) {
            good = 0;
        } else if (is_special(words[i])) {
            if (i + 1 >= count || is_special(words[i + 1]))
                good = 0;
            i++;
        } else {
            arguments++;
        }
    }
    if (!good || arguments == 0) {
        fputs("syntax error\n", stderr);
        last_status = 2;
        return 1;
    }
    if (strcmp(words[0], "exit") == 0) {
        if (count > 1)
            last_status = atoi(words[1]);
        return 0;
    }
    if (strcmp(words[0], "cd") == 0) {
        const char *to = count > 1 ? words[1] : getenv("HOME");
        last_status = 0;
        if (to == NULL || chdir(to) == -1) {
            perror("cd");
            last_status = 1;
        }
    } else if (strcmp(words[0], "jobs") == 0) {
        for (int i = 1; i <= MAX_JOBS; i++)
            if (jobs[i].used && job_state(i) != DEAD)
                show(i);
        last_status = 0;
    } else if (strcmp(words[0], "fg") == 0) {
        if ((job = continued("fg", words[1])) != 0)
            wait_for(job);
    } else if (strcmp(words[0], "bg") == 0) {
        if ((job = continued("bg", words[1])) != 0)
            show(job);
    } else {
        launch(stages, stage_count, background, text);
    }
    return 1;
}

int main(void)
{
    char line[4096];
    struct sigaction child = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    struct sigaction key = {.sa_handler = on_key, .sa_flags = SA_RESTART};

    sigemptyset(&job_mask);
    sigaddset(&job_mask, SIGCHLD);
    sigaddset(&job_mask, SIGTTOU);
    sigprocmask(SIG_BLOCK, NULL, &old_mask);
    sigaction(SIGCHLD, &child, NULL);
    interactive = isatty(STDIN_FILENO);
    if (interactive) {
        sigaction(SIGINT, &key, NULL);
        sigaction(SIGQUIT, &key, NULL);
        sigaction(SIGTSTP, &key, NULL);
        sigprocmask(SIG_BLOCK, &job_mask, NULL);
        if (getpgrp() != getpid())
            setpgid(0, 0);
        own_terminal(getpgrp());
        sigprocmask(SIG_SETMASK, &old_mask, NULL);
    }
    for (;;) {
        sigprocmask(SIG_BLOCK, &job_mask, NULL);
        for (int i = 1; i <= MAX_JOBS; i++) {
            if (!jobs[i].used || job_state(i) != DEAD)
                continue;
            if (interactive)
                show(i);
            forget(i);
        }
        sigprocmask(SIG_SETMASK, &old_mask, NULL);

        if (interactive)
            printf("mini> ");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            return last_status & 255;
        char *words[MAX_WORDS];
        int count = 0;
        for (char *word = strtok(line, " \t\n"); word != NULL && count < MAX_WORDS - 1; word = strtok(NULL, " \t\n"))
            words[count++] = word;
        words[count] = NULL;
        sigprocmask(SIG_BLOCK, &job_mask, NULL);
        int go_on = run(words, count);
        sigprocmask(SIG_SETMASK, &old_mask, NULL);
        fflush(stdout);
        if (!go_on)
            return last_status & 255;
    }
}
