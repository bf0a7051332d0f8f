"""The shape of the seccomp profile; that the kernel enforces it is a matter for the tests with Docker."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PROFILE = Path(__file__).parents[2] / "sandbox" / "image" / "seccomp.json"

ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
EPERM, ENOSYS, EOPNOTSUPP, EAFNOSUPPORT = 1, 38, 95, 97

Rule = dict[str, Any]

FORBIDDEN = """
    io_uring_setup io_uring_enter io_uring_register bpf userfaultfd perf_event_open keyctl add_key request_key
    mount umount2 fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr pivot_root chroot
    unshare setns init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct
    quotactl settimeofday clock_settime adjtimex clock_adjtime open_by_handle_at fanotify_init iopl ioperm syslog
    lookup_dcookie nfsservctl vhangup sethostname setdomainname
"""

NEEDED = """
    execve execveat fork vfork wait4 waitid exit_group kill tgkill rt_sigaction rt_sigprocmask rt_sigtimedwait
    pipe pipe2 mknod mknodat splice tee vmsplice copy_file_range sendfile epoll_wait ppoll eventfd2 signalfd4
    timerfd_create inotify_init1 memfd_create futex futex_waitv rseq membarrier set_robust_list shmget shmat semop
    semtimedop msgsnd mq_open mq_timedreceive pidfd_open pidfd_send_signal pidfd_getfd ptrace process_vm_readv kcmp
    seccomp prctl close_range landlock_create_ruleset sched_setaffinity mlock capset socketpair name_to_handle_at
"""


@pytest.fixture(scope="module")
def profile() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(PROFILE.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def rules(profile: dict[str, Any]) -> list[Rule]:
    found: list[Rule] = profile["syscalls"]
    return found


def rules_for(rules: list[Rule], name: str) -> list[Rule]:
    return [rule for rule in rules if name in rule["names"]]


def masked_conditions(rules: list[Rule], name: str, action: str, index: int) -> list[tuple[int, int]]:
    """The (mask, value) pairs of the one-argument conditions under which `name` meets `action`."""
    return [
        (condition["value"], condition["valueTwo"])
        for rule in rules_for(rules, name)
        if rule["action"] == action
        for condition in rule["args"]
        if condition["index"] == index
    ]


def test_what_is_not_named_does_not_exist(profile: dict[str, Any]) -> None:
    assert profile["defaultAction"] == ERRNO
    assert profile["defaultErrnoRet"] == ENOSYS


def test_only_native_64_bit_calls(profile: dict[str, Any]) -> None:
    assert profile["archMap"] == [
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
    ]


def test_every_rule_says_why_and_what(rules: list[Rule]) -> None:
    for rule in rules:
        assert rule["comment"]
        assert rule["names"]
        assert rule["action"] in (ALLOW, ERRNO)
        assert ("errnoRet" in rule) == (rule["action"] == ERRNO), rule["comment"]


def test_no_rule_names_a_call_twice(rules: list[Rule]) -> None:
    for rule in rules:
        assert len(set(rule["names"])) == len(rule["names"]), rule["comment"]


def test_a_call_without_conditions_stands_in_one_rule_only(rules: list[Rule]) -> None:
    unconditional = Counter(name for rule in rules if "args" not in rule for name in rule["names"])
    conditional = {name for rule in rules if "args" in rule for name in rule["names"]}
    assert [name for name, count in unconditional.items() if count > 1] == []
    assert set(unconditional) & conditional == set()


def test_conditions_look_at_32_bits_so_that_the_upper_half_hides_nothing(rules: list[Rule]) -> None:
    for rule in rules:
        indices = [condition["index"] for condition in rule.get("args", [])]
        assert len(set(indices)) == len(indices), "the engine takes two conditions on one argument for alternatives"
        for condition in rule.get("args", []):
            assert condition["op"] == "SCMP_CMP_MASKED_EQ"
            assert condition["value"] <= 0xFFFFFFFF
            assert condition["valueTwo"] & ~condition["value"] == 0


@pytest.mark.parametrize("name", FORBIDDEN.split())
def test_forbidden(rules: list[Rule], name: str) -> None:
    [rule] = rules_for(rules, name)
    assert (rule["action"], rule["errnoRet"]) == (ERRNO, EPERM)


@pytest.mark.parametrize("name", NEEDED.split())
def test_needed(rules: list[Rule], name: str) -> None:
    [rule] = rules_for(rules, name)
    assert rule["action"] == ALLOW
    assert "args" not in rule


def test_clone_makes_no_namespace(rules: list[Rule]) -> None:
    new_namespaces = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
    assert masked_conditions(rules, "clone", ALLOW, 0) == [(sum(new_namespaces), 0)]
    assert masked_conditions(rules, "clone", ERRNO, 0) == [(flag, flag) for flag in new_namespaces]


def test_clone3_sends_glibc_back_to_clone(rules: list[Rule]) -> None:
    [rule] = rules_for(rules, "clone3")
    assert (rule["action"], rule["errnoRet"]) == (ERRNO, ENOSYS)


def test_socket_families(rules: list[Rule]) -> None:
    unix, inet, inet6, netlink, packet, algorithms, vsock = 1, 2, 10, 16, 17, 38, 40
    allowed = [value for _, value in masked_conditions(rules, "socket", ALLOW, 0)]
    assert allowed == [unix, inet, inet6, netlink]
    refused = [value for _, value in masked_conditions(rules, "socket", ERRNO, 0)]
    assert refused == [packet, algorithms, vsock]
    assert all(rule.get("errnoRet", EAFNOSUPPORT) == EAFNOSUPPORT for rule in rules_for(rules, "socket"))


@pytest.mark.parametrize(
    ("request_number", "allowed"),
    [
        pytest.param(0x5412, False, id="TIOCSTI"),
        pytest.param(0x541C, False, id="TIOCLINUX"),
        pytest.param(0x5401, True, id="TCGETS"),
        pytest.param(0x540E, True, id="TIOCSCTTY"),
        pytest.param(0x5410, True, id="TIOCSPGRP"),
        pytest.param(0x5413, True, id="TIOCGWINSZ"),
        pytest.param(0x541B, True, id="FIONREAD"),
        pytest.param(0x5421, True, id="FIONBIO"),
        pytest.param(0x5450, True, id="FIONCLEX"),
        pytest.param(0x80045430, True, id="TIOCGPTN"),
        pytest.param(0x40045431, True, id="TIOCSPTLCK"),
        pytest.param(0xC0502100, True, id="SECCOMP_IOCTL_NOTIF_RECV"),
    ],
)
def test_ioctl(rules: list[Rule], request_number: int, allowed: bool) -> None:
    conditions = masked_conditions(rules, "ioctl", ALLOW, 1)
    assert any(request_number & mask == value for mask, value in conditions) == allowed


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        pytest.param(0, True, id="F_DUPFD"),
        pytest.param(4, True, id="F_SETFL"),
        pytest.param(38, True, id="F_OFD_SETLKW"),
        pytest.param(1024, False, id="F_SETLEASE"),
        pytest.param(1025, True, id="F_GETLEASE"),
        pytest.param(1026, True, id="F_NOTIFY"),
        pytest.param(1030, True, id="F_DUPFD_CLOEXEC"),
        pytest.param(1031, True, id="F_SETPIPE_SZ"),
        pytest.param(1033, True, id="F_ADD_SEALS"),
        pytest.param(1038, True, id="F_SET_FILE_RW_HINT"),
    ],
)
def test_fcntl(rules: list[Rule], command: int, allowed: bool) -> None:
    conditions = masked_conditions(rules, "fcntl", ALLOW, 1)
    assert any(command & mask == value for mask, value in conditions) == allowed
    refused = masked_conditions(rules, "fcntl", ERRNO, 1)
    assert any(command & mask == value for mask, value in refused) != allowed


def test_files_get_no_attributes(rules: list[Rule]) -> None:
    for name in ("setxattr", "lsetxattr", "fsetxattr"):
        [rule] = rules_for(rules, name)
        assert (rule["action"], rule["errnoRet"]) == (ERRNO, EOPNOTSUPP)


def test_personality_may_only_switch_randomization_off(rules: list[Rule]) -> None:
    conditions = masked_conditions(rules, "personality", ALLOW, 0)
    no_randomize, read_implies_exec, question = 0x40000, 0x400000, 0xFFFFFFFF
    accepted = [
        persona
        for persona in (0, no_randomize, read_implies_exec, question)
        if any(persona & mask == value for mask, value in conditions)
    ]
    assert accepted == [0, no_randomize, question]
