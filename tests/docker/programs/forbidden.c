/* Makes the system call that its argument names, and prints the name of the error it fails with, or "done".
   It is compiled below prelude.h. */
#include <linux/perf_event.h>

enum { KEY_SPEC_THREAD_KEYRING = -1, KEYCTL_GET_KEYRING_ID = 0, BPF_MAP_CREATE = 0 };

static long make(const char *call)
{
    static char zeroes[256];
    struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE, .size = sizeof event, .exclude_kernel = 1 };

    if (strcmp(call, "unshare") == 0)
        return unshare(CLONE_NEWUSER);
    if (strcmp(call, "clone") == 0)
        return syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0);
    if (strcmp(call, "setns") == 0)
        return setns(open("/proc/self/ns/net", O_RDONLY), 0);
    if (strcmp(call, "mount") == 0)
        return mount("none", "/tmp", "tmpfs", 0, "");
    if (strcmp(call, "umount2") == 0)
        return umount2("/tmp", MNT_DETACH);
    if (strcmp(call, "chroot") == 0)
        return chroot("/tmp");
    if (strcmp(call, "bpf") == 0)
        return syscall(SYS_bpf, BPF_MAP_CREATE, zeroes, sizeof zeroes);
    if (strcmp(call, "io_uring_setup") == 0)
        return syscall(SYS_io_uring_setup, 1, zeroes);
    if (strcmp(call, "userfaultfd") == 0)
        return syscall(SYS_userfaultfd, 0);
    if (strcmp(call, "keyctl") == 0)
        return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1);
    if (strcmp(call, "add_key") == 0)
        return syscall(SYS_add_key, "user", "name", "x", 1, KEY_SPEC_THREAD_KEYRING);
    if (strcmp(call, "perf_event_open") == 0)
        return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
    if (strcmp(call, "raw socket") == 0)
        return socket(AF_PACKET, SOCK_RAW, 0);
    if (strcmp(call, "setuid") == 0)
        return setuid(0);
    errno = EINVAL;
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    puts(make(argv[1]) < 0 ? strerrorname_np(errno) : "done");
    return 0;
}
