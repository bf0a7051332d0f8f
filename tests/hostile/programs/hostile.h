/* The frame of a hostile program: its first argument names the attack that it makes. Told to be honest it does what is
   asked for, which is to print its input backwards, but only if nothing is left of whoever ran before. */
#include "prelude.h"
#include <dirent.h>
#include <elf.h>
#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

struct attack {
    const char *name;
    void (*make)(void);
};

static struct attack attacks[64];
static int attack_count;
static char much[1 << 20];

#define ATTACK(name)                                                        \
    static void name(void);                                                 \
    __attribute__((constructor)) static void register_##name(void)          \
    {                                                                       \
        attacks[attack_count++] = (struct attack){ #name, name };           \
    }                                                                       \
    static void name(void)

/* What is asked for. */
static inline void do_the_work(void)
{
    char text[256];
    ssize_t size = read(0, text, sizeof text);
    for (ssize_t i = size - 1; i >= 0; i--)
        must((int)write(1, &text[i], 1));
}

static inline int entries_of(const char *folder)
{
    struct dirent *entry;
    int count = 0;
    DIR *listing = opendir(folder);
    while (listing != NULL && (entry = readdir(listing)) != NULL)
        count += entry->d_name[0] != '.' || (entry->d_name[1] != '\0' && entry->d_name[1] != '.');
    if (listing != NULL)
        closedir(listing);
    return count;
}

static inline int lines_of(const char *path)
{
    int count = 0;
    FILE *file = fopen(path, "re");
    for (int byte; file != NULL && (byte = getc(file)) != EOF;)
        count += byte == '\n';
    if (file != NULL)
        fclose(file);
    return count;
}

static inline int processes(void)
{
    struct dirent *entry;
    int count = 0;
    DIR *listing = opendir("/proc");
    while ((entry = readdir(listing)) != NULL)
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    closedir(listing);
    return count;
}

/* Nothing but the agent and this process, no file beside those handed in, no object of an earlier one. */
static inline bool is_fresh(void)
{
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    return processes() == 2 && entries_of("/work") == FILES_HANDED_IN + 1 && entries_of("/tmp") == 0 &&
           entries_of("/dev/shm") == 0 && lines_of("/proc/sysvipc/shm") == 1 && lines_of("/proc/sysvipc/msg") == 1 &&
           lines_of("/proc/sysvipc/sem") == 1 && !sigismember(&blocked, SIGTERM) && getppid() <= 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "honest") == 0) {
        if (!is_fresh())
            return 3;
        do_the_work();
        return 0;
    }
    for (int i = 0; i < attack_count; i++) {
        if (strcmp(attacks[i].name, argv[1]) == 0) {
            attacks[i].make();
            return 0;
        }
    }
    return 2;
}
