/*
 * Leaves a file open at exit: the one thread ends by the bare exit(2) system call, which ends the process too.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    if (open("notes.txt", O_WRONLY | O_CREAT, 0644) < 0)
        err(EXIT_FAILURE, "notes.txt");
    syscall(SYS_exit, EXIT_SUCCESS);
}
