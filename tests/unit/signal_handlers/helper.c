#include <stdlib.h>
#include <time.h>
#include <syslog.h>
#include "forms.h"
static void deep(int n)
{
    if (n)
        deep(n - 1);
    else
        syslog(1, "x");
}
void helper(int n) { deep(n); }
void localtime_of_it(void) { time_t t = time(NULL); (void)localtime(&t); }
