"""System call numbers of the machines the sandbox runs on, for those calls that are watched or read about.

Facts from the kernel's `asm/unistd_64.h` (x86_64) and `asm-generic/unistd.h` (aarch64). A call that a
machine does not have is left out for it: aarch64 has `openat` and `clone`, but neither `open` nor `fork`.
"""

_BOTH = """
read 0 63 | write 1 64 | readv 19 65 | writev 20 66 | pread64 17 67 | pwrite64 18 68 | preadv 295 69
pwritev 296 70 | open 2 - | openat 257 56 | openat2 437 437 | creat 85 - | close 3 57 | dup 32 23 | dup2 33 -
dup3 292 24 | pipe 22 - | pipe2 293 59 | fcntl 72 25 | flock 73 32 | poll 7 - | ppoll 271 73 | select 23 -
pselect6 270 72 | epoll_wait 232 - | epoll_pwait 281 22 | epoll_pwait2 441 441 | fork 57 - | vfork 58 -
clone 56 220 | clone3 435 435 | execve 59 221 | execveat 322 281 | exit 60 93 | exit_group 231 94
wait4 61 260 | waitid 247 95 | kill 62 129 | tkill 200 130 | tgkill 234 131 | rt_sigqueueinfo 129 138
rt_tgsigqueueinfo 297 240 | pidfd_send_signal 424 424 | alarm 37 - | setitimer 38 103 | rt_sigaction 13 134
rt_sigsuspend 130 133 | rt_sigtimedwait 128 137 | pause 34 - | nanosleep 35 101 | clock_nanosleep 230 115
futex 202 98 | futex_waitv 449 449 | restart_syscall 219 128 | set_tid_address 218 96 | set_robust_list 273 99
accept 43 202 | accept4 288 242 | connect 42 203 | sendto 44 206 | recvfrom 45 207 | sendmsg 46 211 | recvmsg 47 212
recvmmsg 299 243 | sendmmsg 307 269 | splice 275 76 | tee 276 77 | vmsplice 278 75 | sendfile 40 71
copy_file_range 326 285 | msgrcv 70 188 | msgsnd 69 189 | semop 65 193 | semtimedop 220 192
mq_timedsend 242 182 | mq_timedreceive 243 183 | seccomp 317 277 | pidfd_getfd 438 438
eventfd2 290 19 | epoll_create1 291 20 | signalfd4 289 74 | timerfd_create 283 85 | memfd_create 319 279
setpgid 109 154 | inotify_init 253 - | inotify_init1 294 26 | kcmp 312 272 | socket 41 198 | socketpair 53 199
eventfd 284 - | epoll_create 213 - | signalfd 282 - | mq_open 240 180 | pidfd_open 434 434
"""


def _column(index: int) -> dict[str, int]:
    rows = (row.split() for line in _BOTH.strip().splitlines() for row in line.split("|"))
    return {row[0]: int(row[index]) for row in rows if row[index] != "-"}


NUMBERS = {"x86_64": _column(1), "aarch64": _column(2)}
"""Machine (as `uname -m` prints it) to name to number."""


def names_by_number(machine: str) -> dict[int, str]:
    """The reverse of `NUMBERS[machine]`, for reading `/proc/PID/syscall`."""
    return {number: name for name, number in NUMBERS[machine].items()}
