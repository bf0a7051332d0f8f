/*
 * Right: the file is closed before the one thread ends by the bare exit(2) system call.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int file = open("notes.txt", O_WRONLY | O_CREAT, 0644);
    if (file < 0)
        err(EXIT_FAILURE, "notes.txt");
    close(file);
    syscall(SYS_exit, EXIT_SUCCESS);
}
