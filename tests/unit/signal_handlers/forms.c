#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "forms.h"

typedef void handler_t(int);
static volatile sig_atomic_t got;
static int quiet;

static void log_line(const char *text)
{
    printf("%s\n",
           text);
}

static void by_designator(int number)
{
    got = number;
    log_line("designator");
}
static void by_member(int number) { (void)number; free(malloc(3)); }
static void by_address(int number) { (void)number; puts("x"); }
static void by_ternary(int number) { (void)number; exit(1); }
void by_signal(int number) { (void)number; fprintf(stderr, "x"); }
static void by_wrapper(int number) { helper(number); }
static void by_variable(int number) { (void)number; perror("x"); }
static void by_info(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    assert(got);
}
static void by_position(int number) { (void)number; localtime_of_it(); }
static void by_macro(int number) { (void)number; strsignal(1); }
static void by_pair_of_wrappers(int number) { (void)number; rand(); }
static void clean(int number)
{
    int saved = errno;
    char text[32];
    ssize_t size = 0;
    got = number;
    memset(text, 0, sizeof text);
    strcpy(text, "got\n");
    size = write(1, text, strlen(text));
    (void)size;
    kill(getpid(), SIGTERM);
    sigset_t set;
    sigemptyset(&set);
    errno = saved;
    if (quiet)
        _exit(2);
}
static void never(int number) { printf("%d\n", number); }
static void not_a_handler(void) { printf("fine here\n"); }
static void through_pointer(int number) { static handler_t *target = never; target(number); }

#define ON(number, function) (void)signal(number, function)

static handler_t *Signal(int number, handler_t *handler)
{
    struct sigaction action, old;
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    if (sigaction(number, &action, &old) < 0)
        exit(1);
    return old.sa_handler;
}
static void twice(int number, void (*handler)(int)) { Signal(number, handler); }

struct sigaction global_action = {.sa_handler = clean, .sa_flags = 0};

int main(int argc, char **argv)
{
    struct sigaction a = {.sa_handler = by_designator}, b, *c = &b, old;
    struct sigaction d = {by_position};
    (void)argv;
    b.sa_handler = by_member;
    c->sa_handler = &by_address;
    b.sa_handler = argc > 1 ? by_ternary : SIG_IGN;
    b.sa_sigaction = by_info;
    signal(SIGUSR1, by_signal);
    Signal(SIGUSR2, by_wrapper);
    handler_t *variable = argc > 2 ? by_variable : SIG_DFL;
    signal(SIGINT, variable);
    ON(SIGHUP, by_macro);
    twice(SIGALRM, by_pair_of_wrappers);
    sigaction(SIGTERM, NULL, &old);
    if (old.sa_handler == never)
        not_a_handler();
    signal(SIGWINCH, through_pointer);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGTERM, &d, NULL);
    return 0;
}
