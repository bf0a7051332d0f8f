"""The functions that a signal handler may call; facts, from signal-safety(7) and what the C library says of itself."""

import re

_POSIX = """
_Exit _exit abort accept access aio_error aio_return aio_suspend alarm bind cfgetispeed cfgetospeed cfsetispeed
cfsetospeed chdir chmod chown clock_gettime close connect creat dup dup2 execl execle execv execve faccessat fchdir
fchmod fchmodat fchown fchownat fcntl fdatasync fexecve ffs fork fpathconf fstat fstatat fsync ftruncate futimens
getegid geteuid getgid getgroups getpeername getpgrp getpid getppid getsockname getsockopt getuid htonl htons kill link
linkat listen longjmp lseek lstat memccpy memchr memcmp memcpy memmove memset mkdir mkdirat mkfifo mkfifoat mknod
mknodat ntohl ntohs open openat pause pipe poll posix_trace_event pselect pthread_kill pthread_self pthread_sigmask
raise read readlink readlinkat recv recvfrom recvmsg rename renameat rmdir select sem_post send sendmsg sendto setgid
setpgid setsid setsockopt setuid shutdown sigaction sigaddset sigdelset sigemptyset sigfillset sigismember siglongjmp
signal sigpause sigpending sigprocmask sigqueue sigset sigsuspend sleep sockatmark socket socketpair stat stpcpy stpncpy
strcat strchr strcmp strcpy strcspn strlen strncat strncmp strncpy strnlen strpbrk strrchr strspn strstr strtok_r
symlink symlinkat tcdrain tcflow tcflush tcgetattr tcgetpgrp tcsendbreak tcsetattr tcsetpgrp time timer_getoverrun
timer_gettime timer_settime times umask uname unlink unlinkat utime utimensat utimes va_arg va_copy va_end va_start wait
waitpid wcpcpy wcpncpy wcscat wcschr wcscmp wcscpy wcscspn wcslen wcsncat wcsncmp wcsncpy wcsnlen wcspbrk wcsrchr wcsspn
wcsstr wcstok wmemchr wmemcmp wmemcpy wmemmove wmemset write
"""
"""The list of signal-safety(7): POSIX.1-2001 to 2016 with its corrigenda."""

_CALLS_OF_THE_KERNEL = """
accept4 chroot clock_getres clock_nanosleep clock_settime close_range copy_file_range dup3 epoll_create epoll_create1
epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd_read eventfd_write execveat fallocate fgetxattr flock
fsetxattr fstatfs getcpu getitimer getpgid getpriority getrandom getresgid getresuid getrlimit getrusage getsid gettid
gettimeofday inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl kcmp lchown madvise memfd_create
mincore mlock mmap mprotect mq_timedreceive mq_timedsend mremap msgctl msgget msgrcv msgsnd msync munlock munmap
nanosleep pidfd_getfd pidfd_open pidfd_send_signal pipe2 ppoll prctl pread pread64 preadv prlimit process_vm_readv
process_vm_writev ptrace pwrite pwrite64 pwritev readahead readv recvmmsg renameat2 sched_getaffinity
sched_getcpu sched_setaffinity sched_yield semctl semget semop semtimedop sendfile sendmmsg setegid seteuid setitimer
setpgrp setpriority setregid setresgid setresuid setreuid setrlimit shmctl shmget signalfd sigtimedwait sigwait
sigwaitinfo splice statfs statx sync sync_file_range syncfs syscall tee tgkill timer_delete timerfd_create
timerfd_gettime timerfd_settime truncate usleep vfork vmsplice wait3 wait4 waitid writev
"""
"""Not in POSIX's list, but in the GNU C library a bare system call, or AS-Safe by its manual: no accusation."""

_HARMLESS = """
abs labs llabs imaxabs bcmp bcopy bzero explicit_bzero index rindex memmem memrchr mempcpy rawmemchr strchrnul
strcasecmp strncasecmp strcasestr strsep strlcpy strlcat ffsl ffsll isalnum isalpha isascii isblank iscntrl isdigit
isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper toascii alloca atoi atol atoll strtol strtoul
strtoll strtoull sigandset sigisemptyset sigorset sigsetmask sigblock siggetmask sigstack sigaltstack siginterrupt
sigabbrev_np sigdescr_np strerrorname_np setjmp sigsetjmp _setjmp _longjmp killpg getdtablesize getpagesize
pthread_equal pthread_sigqueue pthread_getspecific pthread_setspecific sem_trywait sem_getvalue htobe16 htobe32
bsd_signal sysv_signal ssignal gsignal tcgetsid isatty posix_fallocate posix_fadvise creat64 open64 openat64 lseek64
fstat64 stat64 lstat64 fstatat64 mmap64 backtrace_symbols_fd
"""
"""Functions without state: characters, strings, numbers, sets of signals; and old names of safe ones."""

SAFE = frozenset((_POSIX + _CALLS_OF_THE_KERNEL + _HARMLESS).split())

_INTERNAL = re.compile(
    r"__(?:errno_location|stack_chk_fail|stack_chk_fail_local|builtin_\w+|atomic_\w+|sync_\w+|sysv_signal|sigsetjmp"
    r"|libc_current_sigrt(?:min|max)|ctype_\w+_loc|fdelt_chk|fdelt_warn|cmsg_nxthdr|chk_fail|sched_cpu\w+"
    r"|(?:\w*(?:mem|str|wcs|stp|read|recv|poll|open)\w*)_chk|open_2|open64_2|openat_2|xstat|lxstat|fxstat|mknod"
    r"|(?:add|sub|mul|div|mod|udiv|umod|fix|float|pop|clz|ctz|bswap|ash|lsh|neg|cmp)\w*)"
)
"""Names that macros and the compiler make of safe calls, and the compiler's own arithmetic."""

_OTHER_NAMES = {"__assert_fail": "assert", "__assert_perror_fail": "assert_perror"}

_ALIAS = re.compile(r"__(?:isoc99|isoc23|GI|libc)_(?P<name>\w+)")


def plain_name(symbol: str) -> str:
    """The name as a C programmer knows it: `__isoc99_sscanf` is `sscanf`; a `*` stands before an assembler name."""
    name = symbol.removeprefix("*")
    alias = _ALIAS.fullmatch(name)
    return alias["name"] if alias else _OTHER_NAMES.get(name, name)


def is_safe(symbol: str) -> bool:
    """Whether an external function may be called from a signal handler, or is not known to be unsafe."""
    name = plain_name(symbol)
    return name in SAFE or _INTERNAL.fullmatch(name) is not None or _INTERNAL.fullmatch(symbol) is not None
