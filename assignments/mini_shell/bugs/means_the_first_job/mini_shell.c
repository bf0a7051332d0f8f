/*
 * mini_shell - a shell: pipelines, redirections, and jobs in the foreground and in the background
 *
 *     COMMAND [WORD...] [< FILE] [> FILE] [>> FILE] [| COMMAND ...]... [&]
 *     cd [FOLDER]   exit [STATUS]   jobs   fg [JOB]   bg [JOB]
 *
 * If standard input is a terminal there is a prompt, every pipeline is a process group of its own, and
 * the terminal belongs to whichever group is in the foreground: what is typed there, and Ctrl-C and
 * Ctrl-Z, are for it alone.
 */

#define _GNU_SOURCE /* pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    FAILED = 1,
    SYNTAX_ERROR = 2,
    NOT_EXECUTABLE = 126,
    NOT_FOUND = 127,
    BY_SIGNAL = 128,
};

static const char blanks[] = " \t\n";

/* One stage of a pipeline. A redirection that is not there is NULL. */
struct command {
    char **argv;
    int argc;
    const char *input;
    const char *output;
    bool append;
};

struct pipeline {
    char **words; /* of all its commands */
    struct command *commands;
    int count;
    bool in_background;
    char *text; /* as the user is told of it */
};

struct process {
    pid_t pid;
    enum { RUNNING, STOPPED, ENDED } state;
    int status; /* as waitpid gave it, unless it is running */
};

/* A pipeline that was started. */
struct job {
    int number;
    pid_t group; /* its process group, if job control is on */
    struct process *processes;
    int count;
    char *text;
    struct job *next;
};

struct shell {
    bool is_interactive;
    bool has_to_exit;
    int last_status;
    struct job *jobs; /* by number */
};

/* What a shell with job control does not want to be stopped or ended by, and its children do. */
static const int job_signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);

    if (block == NULL) {
        perror("mini_shell");
        exit(FAILED);
    }
    return block;
}

/* -- from a line to a pipeline ---------------------------------------------------------------- */

/* Cuts the line at its blanks. Returns the words, with NULL after the last. */
static char **split_words(char *line)
{
    char **words = allocate(strlen(line) / 2 + 2, sizeof *words);
    int count = 0;

    for (char *word = strtok(line, blanks); word != NULL; word = strtok(NULL, blanks))
        words[count++] = word;
    return words;
}

static int count_words(char *words[])
{
    int count = 0;

    while (words[count] != NULL)
        count++;
    return count;
}

/* The words with one blank between two of them. */
static char *join_words(char *words[])
{
    size_t length = 1;

    for (char **word = words; *word != NULL; word++)
        length += strlen(*word) + 1;

    char *text = allocate(length, 1);
    char *end = text;
    for (char **word = words; *word != NULL; word++)
        end = stpcpy(stpcpy(end, word == words ? "" : " "), *word);
    return text;
}

static bool is_operator(const char *word)
{
    static const char *const operators[] = {"|", "<", ">", ">>", "&"};

    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strcmp(word, operators[i]) == 0)
            return true;
    }
    return false;
}

/*
 * Takes the words of one command, up to a bar or the end: its arguments are moved together, over the
 * redirections between them. Returns where it stopped, or NULL if the command makes no sense.
 */
static char **parse_command(char **word, struct command *command)
{
    *command = (struct command){.argv = word};

    while (*word != NULL && strcmp(*word, "|") != 0) {
        if (!is_operator(*word)) {
            command->argv[command->argc++] = *word++;
            continue;
        }
        if (strcmp(*word, "&") == 0 || word[1] == NULL || is_operator(word[1]))
            return NULL;
        if (strcmp(*word, "<") == 0) {
            command->input = word[1];
        } else {
            command->output = word[1];
            command->append = strcmp(*word, ">>") == 0;
        }
        word += 2;
    }
    return command->argc > 0 ? word : NULL;
}

/* Fills the pipeline from its words, of which there is at least one. Returns false if they make no sense. */
static bool parse(struct pipeline *pipeline)
{
    char **word = pipeline->words;
    int count = count_words(word);

    if (strcmp(word[count - 1], "&") == 0) {
        pipeline->in_background = true;
        word[--count] = NULL;
    }
    pipeline->text = join_words(word);
    pipeline->commands = allocate((size_t)count + 1, sizeof *pipeline->commands);

    for (;;) {
        struct command *command = &pipeline->commands[pipeline->count++];
        char **stop = parse_command(word, command);

        if (stop == NULL)
            return false;
        bool is_last = *stop == NULL;
        command->argv[command->argc] = NULL; /* this may be where the bar was */
        if (is_last)
            return true;
        word = stop + 1;
    }
}

static void free_pipeline(struct pipeline *pipeline)
{
    free(pipeline->words);
    free(pipeline->commands);
    free(pipeline->text);
}

/* -- what is known of jobs -------------------------------------------------------------------- */

/* A job runs as long as one of its processes does, and has ended when all have. */
static int state_of(const struct job *job)
{
    int state = ENDED;

    for (int i = 0; i < job->count; i++) {
        if (job->processes[i].state == RUNNING)
            return RUNNING;
        if (job->processes[i].state == STOPPED)
            state = STOPPED;
    }
    return state;
}

static void print_job(const struct job *job)
{
    static const char *const names[] = {[RUNNING] = "running", [STOPPED] = "stopped", [ENDED] = "done"};

    printf("[%d] %s %s\n", job->number, names[state_of(job)], job->text);
    fflush(stdout);
}

/* The status of a job that does not run: that of its last process, unless one of them is stopped. */
static int status_of(const struct job *job)
{
    int status = job->processes[job->count - 1].status;

    for (int i = 0; i < job->count; i++) {
        if (job->processes[i].state == STOPPED)
            return BY_SIGNAL + WSTOPSIG(job->processes[i].status);
    }
    return WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A new job, with the number after the highest that is in use. */
static struct job *add_job(struct shell *shell, const struct pipeline *pipeline)
{
    struct job *job = allocate(1, sizeof *job);
    struct job **link = &shell->jobs;

    job->number = 1;
    for (; *link != NULL; link = &(*link)->next)
        job->number = (*link)->number + 1;
    *link = job;
    job->processes = allocate((size_t)pipeline->count, sizeof *job->processes);
    job->text = strdup(pipeline->text);
    if (job->text == NULL) {
        perror("mini_shell");
        exit(FAILED);
    }
    return job;
}

static void remove_job(struct shell *shell, struct job *job)
{
    struct job **link = &shell->jobs;

    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    free(job->processes);
    free(job->text);
    free(job);
}

/* Notes what waitpid tells of a process. */
static void note_status(struct shell *shell, pid_t pid, int status)
{
    for (struct job *job = shell->jobs; job != NULL; job = job->next) {
        for (int i = 0; i < job->count; i++) {
            struct process *process = &job->processes[i];

            if (process->pid != pid)
                continue;
            process->status = status;
            process->state = WIFSTOPPED(status) ? STOPPED : WIFCONTINUED(status) ? RUNNING : ENDED;
        }
    }
}

/* Takes one piece of news of any child. With WNOHANG in the options only if there is one. */
static bool take_news(struct shell *shell, int options)
{
    int status;
    pid_t pid = waitpid(-1, &status, options | WUNTRACED | WCONTINUED);

    if (pid > 0)
        note_status(shell, pid, status);
    return pid > 0 || (pid == -1 && errno == EINTR);
}

/* Learns what has become of the jobs in the background. */
static void take_all_news(struct shell *shell)
{
    while (take_news(shell, WNOHANG))
        continue;
}

/* Reports and forgets the jobs that have ended. */
static void report_ended_jobs(struct shell *shell)
{
    struct job *next;

    take_all_news(shell);
    for (struct job *job = shell->jobs; job != NULL; job = next) {
        next = job->next;
        if (state_of(job) != ENDED)
            continue;
        if (shell->is_interactive)
            print_job(job);
        remove_job(shell, job);
    }
}

/* -- starting commands ------------------------------------------------------------------------ */

/* Opens a file in place of a standard descriptor; a child of which that fails has to end. */
static void redirect_to_file(const char *file, int flags, int standard)
{
    int fd = open(file, flags | O_CLOEXEC, 0666);

    if (fd == -1 || dup2(fd, standard) == -1) {
        fprintf(stderr, "mini_shell: %s: %s\n", file, strerror(errno));
        _exit(FAILED);
    }
}

/* The child's part: becomes the command, or ends with the status that says why it could not. */
static _Noreturn void become(const struct command *command, int in, int out)
{
    if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1) {
        perror("mini_shell: dup2");
        _exit(FAILED);
    }
    if (command->input != NULL)
        redirect_to_file(command->input, O_RDONLY, STDIN_FILENO);
    if (command->output != NULL)
        redirect_to_file(command->output, O_WRONLY | O_CREAT | (command->append ? O_APPEND : O_TRUNC),
                         STDOUT_FILENO);
    execvp(command->argv[0], command->argv);

    /* _exit, not return: this process must not go on as a second shell. */
    int status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
    fprintf(stderr, "mini_shell: %s: %s\n", command->argv[0], strerror(errno));
    _exit(status);
}

/* Says what to do with the signals of job control: what is ignored at exec stays ignored after it. */
static void set_job_signals(void (*disposition)(int))
{
    for (size_t i = 0; i < sizeof job_signals / sizeof *job_signals; i++)
        signal(job_signals[i], disposition);
}

/*
 * Puts a process into its job's group, which is that of the job's first process, and gives the terminal
 * to the group. Both the shell and the child do this, for nobody knows which of them runs first: the shell
 * must not wait, and the command must not begin, before it is done. The second time it does no harm.
 */
static void enter_group(const struct shell *shell, struct job *job, pid_t pid, bool in_background)
{
    if (!shell->is_interactive)
        return;
    if (job->group == 0)
        job->group = pid;
    setpgid(pid, job->group);
    if (!in_background)
        tcsetpgrp(STDIN_FILENO, job->group);
}

/* Closes a pipe end that the shell is done with; the standard descriptors are for others, too. */
static void close_pipe_end(int fd)
{
    if (fd > STDERR_FILENO)
        close(fd);
}

/*
 * Starts every command of the pipeline as a process of the job; returns false if that cannot be done.
 *
 * The shell holds each end of a pipe only until it has been inherited: a write end kept here would keep
 * the reader waiting for ever, a read end would keep the writer from SIGPIPE.
 */
static bool start_processes(const struct shell *shell, const struct pipeline *pipeline, struct job *job)
{
    int in = STDIN_FILENO;

    for (int i = 0; i < pipeline->count; i++) {
        int ends[2] = {STDIN_FILENO, STDOUT_FILENO}; /* the last command writes where we write */

        if (i < pipeline->count - 1 && pipe2(ends, O_CLOEXEC) == -1) {
            perror("mini_shell: pipe");
            close_pipe_end(in);
            return false;
        }
        pid_t pid = fork();
        if (pid == 0) {
            enter_group(shell, job, getpid(), pipeline->in_background);
            if (shell->is_interactive)
                set_job_signals(SIG_DFL);
            become(&pipeline->commands[i], in, ends[1]);
        }
        if (pid == -1)
            perror("mini_shell: fork");
        close_pipe_end(in);
        close_pipe_end(ends[1]);
        in = ends[0];
        if (pid == -1) {
            close_pipe_end(in);
            return false;
        }
        enter_group(shell, job, pid, pipeline->in_background);
        job->processes[job->count++] = (struct process){.pid = pid, .state = RUNNING};
    }
    return true;
}

/* Waits until the job has ended or is stopped, and takes the terminal back. */
static void wait_in_foreground(struct shell *shell, struct job *job)
{
    while (state_of(job) == RUNNING && take_news(shell, 0))
        continue;
    shell->last_status = status_of(job);
    if (shell->is_interactive) {
        tcsetpgrp(STDIN_FILENO, getpgrp());
        if (shell->last_status > BY_SIGNAL)
            putchar('\n'); /* the cursor is behind a ^C or ^Z */
        if (state_of(job) == STOPPED)
            print_job(job);
    }
    if (state_of(job) == ENDED)
        remove_job(shell, job);
}

static void run_pipeline(struct shell *shell, const struct pipeline *pipeline)
{
    struct job *job = add_job(shell, pipeline);
    bool is_complete = start_processes(shell, pipeline, job);

    if (job->count == 0) {
        remove_job(shell, job);
    } else if (pipeline->in_background && is_complete) {
        if (shell->is_interactive)
            printf("[%d] %d\n", job->number, (int)job->processes[0].pid);
        shell->last_status = EXIT_SUCCESS;
    } else {
        wait_in_foreground(shell, job);
    }
    if (!is_complete)
        shell->last_status = FAILED;
}

/* -- what the shell does itself --------------------------------------------------------------- */

static int change_folder(const char *folder)
{
    if (folder == NULL)
        folder = getenv("HOME");
    if (folder == NULL || chdir(folder) == -1) {
        fprintf(stderr, "mini_shell: cd: %s: %s\n", folder ? folder : "HOME", folder ? strerror(errno) : "not set");
        return FAILED;
    }
    return EXIT_SUCCESS;
}

static int list_jobs(struct shell *shell)
{
    take_all_news(shell);
    for (struct job *job = shell->jobs; job != NULL; job = job->next) {
        if (state_of(job) != ENDED)
            print_job(job);
    }
    return EXIT_SUCCESS;
}

/* The job of that number, or the last one; NULL, and a message, if there is none. */
static struct job *find_job(struct shell *shell, const char *number)
{
    struct job *found = NULL;

    take_all_news(shell);
    for (struct job *job = shell->jobs; job != NULL; job = job->next) {
        if (found == NULL && state_of(job) != ENDED && (number == NULL || atoi(number) == job->number))
            found = job;
    }
    if (found == NULL)
        fprintf(stderr, "mini_shell: no such job\n");
    return found;
}

/* Makes all its processes go on. That they do is known at once, and need not be waited for. */
static void continue_job(struct job *job)
{
    for (int i = 0; i < job->count; i++) {
        if (job->processes[i].state == STOPPED)
            job->processes[i].state = RUNNING;
    }
    if (kill(-job->group, SIGCONT) == -1)
        perror("mini_shell: kill");
}

static int to_foreground(struct shell *shell, const char *number)
{
    struct job *job = find_job(shell, number);

    if (job == NULL)
        return FAILED;
    printf("%s\n", job->text);
    fflush(stdout);
    tcsetpgrp(STDIN_FILENO, job->group); /* before it goes on: it may want to read at once */
    continue_job(job);
    wait_in_foreground(shell, job);
    return shell->last_status;
}

static int to_background(struct shell *shell, const char *number)
{
    struct job *job = find_job(shell, number);

    if (job == NULL)
        return FAILED;
    continue_job(job);
    print_job(job);
    return EXIT_SUCCESS;
}

/* Does what the line says if it is one of the shell's own commands. */
static bool run_builtin(struct shell *shell, const struct pipeline *pipeline)
{
    char **argv = pipeline->commands[0].argv;

    if (pipeline->count > 1)
        return false;
    if (strcmp(argv[0], "cd") == 0) {
        shell->last_status = change_folder(argv[1]);
    } else if (strcmp(argv[0], "exit") == 0) {
        shell->has_to_exit = true;
        if (argv[1] != NULL)
            shell->last_status = atoi(argv[1]);
    } else if (strcmp(argv[0], "jobs") == 0) {
        shell->last_status = list_jobs(shell);
    } else if (strcmp(argv[0], "fg") == 0 && shell->is_interactive) {
        shell->last_status = to_foreground(shell, argv[1]);
    } else if (strcmp(argv[0], "bg") == 0 && shell->is_interactive) {
        shell->last_status = to_background(shell, argv[1]);
    } else {
        return false;
    }
    return true;
}

static void run_line(struct shell *shell, char *line)
{
    struct pipeline pipeline = {.words = split_words(line)};

    if (pipeline.words[0] != NULL) {
        if (!parse(&pipeline)) {
            fprintf(stderr, "mini_shell: syntax error\n");
            shell->last_status = SYNTAX_ERROR;
        } else if (!run_builtin(shell, &pipeline)) {
            run_pipeline(shell, &pipeline);
        }
    }
    free_pipeline(&pipeline);
}

/* Job control is for who has a terminal: ours shall be the group in the foreground when no job is. */
static void take_control(void)
{
    set_job_signals(SIG_IGN);
    setpgid(0, 0); /* fails if we are the leader of a session, and then it is so already */
    tcsetpgrp(STDIN_FILENO, getpgrp());
}

int main(void)
{
    struct shell shell = {.is_interactive = isatty(STDIN_FILENO)};
    char *line = NULL;
    size_t size = 0;

    if (shell.is_interactive)
        take_control();
    while (!shell.has_to_exit) {
        report_ended_jobs(&shell);
        if (shell.is_interactive) {
            fputs("mini> ", stdout);
            fflush(stdout);
        }
        if (getline(&line, &size, stdin) == -1)
            break;
        run_line(&shell, line);
    }
    free(line);
    while (shell.jobs != NULL)
        remove_job(&shell, shell.jobs);
    return shell.last_status & 0xff;
}
