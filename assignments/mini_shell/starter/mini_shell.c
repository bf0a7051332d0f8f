/*
 * mini_shell - a shell: pipelines, redirections, and jobs in the foreground and in the background
 *
 *     COMMAND [WORD...] [< FILE] [> FILE] [>> FILE] [| COMMAND ...]... [&]
 *     cd [FOLDER]   exit [STATUS]   jobs   fg [JOB]   bg [JOB]
 *
 * Lines are cut into commands already. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    FAILED = 1,
    SYNTAX_ERROR = 2,
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

struct shell {
    bool is_interactive; /* whether its standard input is a terminal */
    bool has_to_exit;
    int last_status;
    /* TODO: what do you have to know of each job, and of each of its processes? */
};

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

/* -- what is left to do ----------------------------------------------------------------------- */

/*
 * TODO: connect the commands with pipes and start them all. In the order of the points: the pipes and
 * who closes which end, the redirections, the statuses; then process groups, the terminal, signals.
 */
static void run_pipeline(struct shell *shell, const struct pipeline *pipeline)
{
    fprintf(stderr, "mini_shell: %s: not started, this is still to do\n", pipeline->text);
    shell->last_status = FAILED;
}

/* Does what the line says if it is one of the shell's own commands. TODO: cd, jobs, fg, bg. */
static bool run_builtin(struct shell *shell, const struct pipeline *pipeline)
{
    char **argv = pipeline->commands[0].argv;

    if (pipeline->count > 1 || strcmp(argv[0], "exit") != 0)
        return false;
    shell->has_to_exit = true;
    if (argv[1] != NULL)
        shell->last_status = atoi(argv[1]);
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

int main(void)
{
    struct shell shell = {.is_interactive = isatty(STDIN_FILENO)};
    char *line = NULL;
    size_t size = 0;

    while (!shell.has_to_exit) {
        /* TODO: which of the jobs in the background have ended? */
        if (shell.is_interactive) {
            fputs("mini> ", stdout);
            fflush(stdout);
        }
        if (getline(&line, &size, stdin) == -1)
            break;
        run_line(&shell, line);
    }
    free(line);
    return shell.last_status & 0xff;
}
