/*
 * Crash: aborts, under a name that looks like what stands behind the name in /proc/PID/stat.
 */
#include <stdlib.h>
#include <sys/prctl.h>

int main(void)
{
    prctl(PR_SET_NAME, ") Z 1 1 1 (");
    abort();
}
