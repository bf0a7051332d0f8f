/* Attacks on whoever reads the report: a terminal, a parser, a browser, a runner of jobs. */
#define FILES_HANDED_IN 3
#include "hostile.h"

static const char bytes[] =
    "\033]0;owned\007\033[2J\033[31m\033]8;;http://evil\033\\link\033]8;;\033\\\n"
    "\x9b" "2J\x90q\x9c\r\b\b\b\v\f\x7f\n"
    "::error file=a.c,line=1::owned\n"
    "  ::set-output name=score::100\n"
    "\xc2\xa0::add-mask::owned\n"
    "##vso[task.complete result=Succeeded;]owned\n"
    "##[group]owned\n"
    "<script>alert('owned')</script><img src=x onerror=alert(1)>\n"
    "</testcase></testsuite></testsuites>]]><!--\n"
    "\"},{\"score\": 100, \"status\": \"graded\"}\n"
    "&lt;&#0;&#x1b;&nbsp;%s%n{0}\n"
    "\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xef\xbf\xbe\xef\xbf\xbf\n"
    "\xe2\x80\xae" "drowssap\xe2\x80\xac\xe2\x80\xa8" "second line\n"
    "score 2/2 \xc2\xb7 2 of 2 checks passed\n";

ATTACK(prints)
{
    must((int)write(1, bytes, sizeof bytes)); /* with its NUL byte */
    must((int)write(2, bytes, sizeof bytes));
}

ATTACK(is_called)
{
    /* The report names the program that is left behind, its arguments and the file it has open. */
    static char name[256];
    memcpy(name, bytes, 200);
    for (char *slash = name; *slash != '\0'; slash++)
        if (*slash == '/')
            *slash = '|';
    int file = must(open(name, O_RDWR | O_CREAT, 0600));
    prctl(PR_SET_NAME, "::error::\033[2J");
    if (must(fork()) == 0) {
        must(dup(file));
        if (must(fork()) == 0)
            execl("/bin/sleep", "::error::\033[2J", "60", NULL);
        execl("/bin/sleep", name, "60", NULL);
        _exit(BROKEN);
    }
}

#define SPELL "\033]0;owned\007"
#pragma message "\n::error::owned\n##vso[task.complete]owned <script>alert(1)</script>]]>"
