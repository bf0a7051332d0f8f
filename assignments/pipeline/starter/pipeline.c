/*
 * pipeline - runs commands side by side, the output of each being the input of the next
 *
 *     ./pipeline COMMAND [ARGUMENT...] ['|' COMMAND [ARGUMENT...]]...
 *
 * The words are already cut into stages. What is left for you is marked TODO.
 */

#define _GNU_SOURCE /* pipe2, should you want it */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum {
    SETUP_FAILED = 1,
    USAGE_ERROR = 2,
};

/*
 * Cuts the words at every bar: each "|" becomes the NULL that ends one stage's argument vector,
 * and stages[i] points at the first word of stage i, ready for execvp(stages[i][0], stages[i]).
 * Returns how many stages there are, or 0 if one of them is empty.
 */
static int split_stages(char *words[], char **stages[])
{
    int count = 0;

    stages[count++] = words;
    for (char **word = words; *word != NULL; word++) {
        if (strcmp(*word, "|") == 0) {
            *word = NULL;
            stages[count++] = word + 1;
        }
    }

    for (int i = 0; i < count; i++) {
        if (stages[i][0] == NULL)
            return 0;
    }
    return count;
}

/* Starts one stage that reads from `in` and writes to `out`. Returns its pid, or -1. */
static pid_t start_stage(char *argv[], int in, int out)
{
    /*
     * TODO: fork. In the child: put `in` and `out` where a command expects its input and output,
     * see to the descriptors that it must not inherit, and become the command.
     * What has to happen in the child if that fails?
     */
    (void)argv;
    (void)in;
    (void)out;
    return -1;
}

/* Runs the stages to the end of every one of them; returns the exit status of the pipeline. */
static int run_pipeline(char **stages[], int count)
{
    /*
     * TODO: between each stage and the next there is one pipe. Which process needs which end of it,
     * and who has to close the others - and when?
     *
     * TODO: wait for every stage. Whose status is the status of the pipeline?
     *
     * TODO: Ctrl-C ends the stages. How does this process live on until they have ended?
     */
    for (int i = 0; i < count; i++) {
        if (start_stage(stages[i], 0, 1) == -1) {
            fprintf(stderr, "pipeline: %s: not started, this is still to do\n", stages[i][0]);
            return SETUP_FAILED;
        }
    }
    return 0;
}

int main(int argc, char *argv[])
{
    char ***stages = calloc((size_t)argc, sizeof *stages);

    if (stages == NULL) {
        perror("pipeline");
        return SETUP_FAILED;
    }

    int count = split_stages(argv + 1, stages);
    int status = USAGE_ERROR;

    if (count > 0)
        status = run_pipeline(stages, count);
    else
        fprintf(stderr, "usage: pipeline COMMAND [ARGUMENT...] ['|' COMMAND [ARGUMENT...]]...\n");

    free(stages);
    return status;
}
