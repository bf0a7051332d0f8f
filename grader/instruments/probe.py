"""A program that shows whether a tool works here: without an argument it does nothing wrong, with one it does."""

from collections.abc import Mapping, Sequence

from grader.findings import Finding, FindingKind

FILE = "probe.c"

SOURCE = """\
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
static int shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *add(void *careful)
{
    if (careful)
        pthread_mutex_lock(&lock);
    shared++; /* race */
    if (careful)
        pthread_mutex_unlock(&lock);
    return NULL;
}
static void spoil(const char *how)
{
    volatile char *block = malloc(10); /* leak */
    volatile int large = INT_MAX;
    if (how[0] == 'o')
        block[10] = 1; /* overflow */
    if (how[0] == 'u')
        large = large + 1; /* undefined */
    if (how[0] != 'l')
        free((void *)block);
    block = NULL;
}
int main(int argc, char **argv)
{
    pthread_t threads[2];
    int racing = argc > 1 && argv[1][0] == 'r';
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, add, racing ? NULL : &lock);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    spoil(argc > 1 ? argv[1] : "none");
    return shared - 2;
}
"""

WRONGS: Mapping[str, str] = {
    "address": "overflow",
    "leak": "leak",
    "undefined": "undefined",
    "thread": "race",
    "valgrind": "overflow",
}
"""The argument that makes the program do what the tool is to find; the line that does it has that comment."""


def is_found(wrong: str, findings: Sequence[Finding]) -> bool:
    """Whether the findings are just the one that the argument `wrong` brings about."""
    line = next(number for number, text in enumerate(SOURCE.splitlines(), 1) if f"/* {wrong} */" in text)
    kind = FindingKind.RACE if wrong == "race" else FindingKind.MEMORY_ERROR
    return [(found.kind, found.source.line if found.source else 0) for found in findings] == [(kind, line)]
