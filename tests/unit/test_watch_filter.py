"""What the kernel does with each system call of a watched program: the filter, run as the kernel would run it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.agent.watch_filter import (
    ALWAYS,
    DESCRIPTORS,
    DUPLICATING,
    FAULT_CALLS,
    OPENING,
    OPENINGS,
    OWN_PID,
    SIGNAL_ARGUMENT,
    TELLTALE_SIGNALS,
    TIMERS,
    USING,
    watch_filter,
)
from sandbox.syscall_numbers import NUMBERS

ALLOW, NOTIFY, SUCCEED = "allow", "notify", "succeed"
RESULTS = {0x7FFF0000: ALLOW, 0x7FC00000: NOTIFY, 0x00050000: SUCCEED}

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
I386, ARM = 0x40000003, 0x40000028
X32_BIT = 0x40000000

MACHINES = ["x86_64", "aarch64"]
EXIT_OFFSETS = (0x123, 0xFFF, 0)

MOST_INSTRUCTIONS = 4096
"""BPF_MAXINSNS: the kernel takes no longer program."""

# linux/bpf_common.h: what the instructions that the filter uses are made of
LOAD_ABSOLUTE, RETURN, AND = 0x20, 0x06, 0x54
JUMP_EQUAL, JUMP_SET = 0x15, 0x45


@dataclass(frozen=True)
class Call:
    """`struct seccomp_data`: what the kernel shows a filter of a system call."""

    number: int
    arch: int = ARCH["x86_64"]
    pointer: int = 0x7F0000000ABC
    arguments: tuple[int, ...] = (0, 0, 0, 0, 0, 0)

    def data(self) -> bytes:
        return struct.pack("<iIQ6Q", self.number, self.arch, self.pointer, *self.arguments)


@dataclass(frozen=True)
class Verdict:
    """What the filter returned, and after how many instructions."""

    result: str
    steps: int


def interpret(program: bytes, call: Call) -> Verdict:
    """Classic BPF, strictly: an unknown instruction, a jump out of the program or a missing return is an error."""
    code = list(struct.iter_unpack("<HBBI", program))
    data = call.data()
    accumulator = 0
    place = 0
    for step in range(1, len(code) + 1):
        operation, if_true, if_false, value = code[place]
        place += 1
        if operation == LOAD_ABSOLUTE:
            assert value % 4 == 0, "the kernel loads aligned words only"
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == AND:
            accumulator &= value
        elif operation == JUMP_EQUAL:
            place += if_true if accumulator == value else if_false
        elif operation == JUMP_SET:
            place += if_true if accumulator & value else if_false
        elif operation == RETURN:
            return Verdict(RESULTS[value], step)
        else:
            raise AssertionError(f"no instruction of the filter: {operation:#x}")
    raise AssertionError("no return")


def verdict(
    name: str,
    arguments: Sequence[int] = (),
    *,
    machine: str = "x86_64",
    pointer: int = 0x7F0000000ABC,
    faults: Sequence[str] = (),
    traced: str = "",
) -> str:
    """What happens to a call of that name."""
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    call = Call(NUMBERS[machine][name], ARCH[machine], pointer, padded)
    return interpret(watch_filter(machine, EXIT_OFFSETS, faults, traced=traced), call).result


def calls_of(*names: str) -> list[tuple[str, str]]:
    return [(machine, name) for machine in MACHINES for name in names if name in NUMBERS[machine]]


# -- which calls are told of ----------------------------------------------------------------------


@pytest.mark.parametrize(("machine", "name"), calls_of(*ALWAYS))
def test_the_calls_that_always_tell_something_are_told_of(machine: str, name: str) -> None:
    assert verdict(name, machine=machine) == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
def test_no_other_call_is_told_of_whose_arguments_are_zero(machine: str) -> None:
    told = {name for name in NUMBERS[machine] if verdict(name, machine=machine) == NOTIFY}
    assert told == {*ALWAYS, "exit"} & set(NUMBERS[machine])


@pytest.mark.parametrize(("machine", "name"), calls_of(*TIMERS))
def test_the_calls_that_set_a_timer_are_let_alone_where_timers_can_be_asked_for(machine: str, name: str) -> None:
    program = watch_filter(machine, EXIT_OFFSETS, timers=False)
    assert interpret(program, Call(NUMBERS[machine][name], ARCH[machine])).result == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_of_interval_timers_only_that_of_real_time_is_told_of(machine: str) -> None:
    assert [which for which in range(4) if verdict("setitimer", [which], machine=machine) == NOTIFY] == [0]


@pytest.mark.parametrize("name", ["fork", "vfork", "clone", "clone3", "wait4", "waitid", "kill", "execve", "read"])
def test_calls_that_a_signal_could_break_are_let_alone(name: str) -> None:
    assert verdict(name) == ALLOW


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(0, 2**64 - 1)] * 6))
def test_a_call_without_a_name_here_is_never_told_of(number: int, arguments: tuple[int, ...]) -> None:
    signed = struct.unpack("<i", struct.pack("<I", number))[0]
    known = number in NUMBERS["x86_64"].values()
    program = watch_filter("x86_64", EXIT_OFFSETS, FAULT_CALLS)
    assert known or interpret(program, Call(signed, arguments=arguments)).result == ALLOW


# -- signals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("machine", "name"), calls_of(*SIGNAL_ARGUMENT))
def test_sending_a_signal_is_told_of_just_for_those_that_the_kernel_sends_too(machine: str, name: str) -> None:
    def sent(signal: int) -> str:
        arguments = [4242] * 6
        arguments[SIGNAL_ARGUMENT[name]] = signal
        return verdict(name, arguments, machine=machine)

    assert [signal for signal in range(65) if sent(signal) == NOTIFY] == list(TELLTALE_SIGNALS)


def test_the_signal_is_looked_for_where_the_call_has_it() -> None:
    segv, process, group = 11, 4242, 4243
    assert verdict("kill", [process, segv]) == NOTIFY
    assert verdict("tgkill", [group, process, segv]) == NOTIFY
    assert verdict("rt_tgsigqueueinfo", [group, process, segv]) == NOTIFY
    assert verdict("kill", [segv, 0]) == ALLOW
    assert verdict("tgkill", [segv, segv, 0]) == ALLOW


def test_only_the_low_half_of_a_signal_number_counts_as_for_the_kernel() -> None:
    assert verdict("kill", [1, 0xDEADBEEF_0000000B]) == NOTIFY


def test_the_low_half_is_not_looked_for_in_the_high_one() -> None:
    assert verdict("kill", [1, 0x0000000B_00000000]) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_only_sigchld_has_its_action_looked_at(machine: str) -> None:
    watched = [signal for signal in range(65) if verdict("rt_sigaction", [signal], machine=machine) == NOTIFY]
    assert watched == [17]


# -- exit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("offset", EXIT_OFFSETS)
def test_exit_from_the_library_s_fallback_is_let_through(machine: str, offset: int) -> None:
    assert verdict("exit", [0], machine=machine, pointer=0x7FFF_1234_5000 + offset) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("offset", [1, 0x122, 0x124, 0xFFE])
def test_exit_from_anywhere_else_is_told_of(machine: str, offset: int) -> None:
    assert verdict("exit", [0], machine=machine, pointer=0x7FFF_1234_5000 + offset) == NOTIFY


def test_without_a_known_fallback_every_exit_is_told_of() -> None:
    program = watch_filter("x86_64", ())
    assert interpret(program, Call(NUMBERS["x86_64"]["exit"])).result == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
def test_set_robust_list_of_the_loader_is_let_through_and_that_of_a_child_is_told_of(machine: str) -> None:
    program = watch_filter(machine, EXIT_OFFSETS, start_offsets=(0xEE6, 0xFA7))
    number = NUMBERS[machine]["set_robust_list"]
    results = {
        offset: interpret(program, Call(number, ARCH[machine], 0x7FFF_1234_5000 + offset)).result
        for offset in (0xEE6, 0xFA7, 0x38D, *EXIT_OFFSETS)
    }
    assert [offset for offset, result in results.items() if result == ALLOW] == [0xEE6, 0xFA7]


@pytest.mark.parametrize("offset", EXIT_OFFSETS)
def test_exit_group_is_told_of_wherever_it_comes_from(offset: int) -> None:
    assert verdict("exit_group", [0], pointer=0x7FFF_1234_5000 + offset) == NOTIFY


# -- faults ---------------------------------------------------------------------------------------

CLONE_THREAD, CLONE_VM, CLONE_VFORK, SIGCHLD = 0x10000, 0x100, 0x4000, 17
FORK_BY_GLIBC = 0x1200000 | SIGCHLD
THREAD_BY_GLIBC = 0x3D0F00


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("fault", FAULT_CALLS)
def test_a_fault_has_its_calls_told_of_and_no_others(machine: str, fault: str) -> None:
    def told(faults: Sequence[str]) -> set[str]:
        return {name for name in NUMBERS[machine] if verdict(name, machine=machine, faults=faults) == NOTIFY}

    assert told([fault]) - told([]) == set(FAULT_CALLS[fault]) & set(NUMBERS[machine])
    assert told([]) <= told([fault])


@pytest.mark.parametrize("machine", MACHINES)
def test_the_exec_that_carries_the_pass_is_let_through_and_no_other(machine: str) -> None:
    def result(fourth: int) -> int:
        program = watch_filter(machine, (), ["execve"], exec_pass=0x1234_5678_9ABC_DEF0)
        return interpret(program, Call(NUMBERS[machine]["execve"], ARCH[machine], 0, (1, 2, 3, fourth, 0, 0))).result

    assert result(0x1234_5678_9ABC_DEF0) == ALLOW
    for other in (0, 0x1234_5678, 0x9ABC_DEF0, 0x9ABC_DEF0_1234_5678, 0x1234_5678_9ABC_DEF1):
        assert result(other) == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
def test_all_faults_at_once_have_all_their_calls_told_of(machine: str) -> None:
    for names in FAULT_CALLS.values():
        for name in set(names) & set(NUMBERS[machine]):
            assert verdict(name, machine=machine, faults=list(FAULT_CALLS)) == NOTIFY


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("flags", "result"),
    [(FORK_BY_GLIBC, NOTIFY), (SIGCHLD, NOTIFY), (CLONE_VM | CLONE_VFORK | SIGCHLD, NOTIFY), (THREAD_BY_GLIBC, ALLOW)],
    ids=["fork", "plain", "posix_spawn", "thread"],
)
def test_under_a_fork_fault_processes_count_and_threads_do_not(machine: str, flags: int, result: str) -> None:
    assert verdict("clone", [flags], machine=machine, faults=["fork"]) == result


@given(st.integers(0, 2**64 - 1))
def test_under_a_fork_fault_the_thread_flag_alone_decides(flags: int) -> None:
    assert (verdict("clone", [flags], faults=["fork"]) == ALLOW) == bool(flags & CLONE_THREAD)


@pytest.mark.parametrize("signal", range(65))
def test_under_a_kill_fault_every_signal_is_told_of(signal: int) -> None:
    assert verdict("kill", [1, signal], faults=["kill"]) == NOTIFY


def test_under_a_kill_fault_other_ways_to_send_are_watched_as_before() -> None:
    assert verdict("tgkill", [1, 1, 15], faults=["kill"]) == ALLOW
    assert verdict("tgkill", [1, 1, 11], faults=["kill"]) == NOTIFY


def test_a_fault_named_twice_is_the_same_program() -> None:
    assert watch_filter("x86_64", EXIT_OFFSETS, ["pipe", "pipe"]) == watch_filter("x86_64", EXIT_OFFSETS, ["pipe"])


# -- tracing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("machine", "name"), calls_of(*OPENING))
def test_the_calls_that_make_descriptors_are_told_of_only_in_a_traced_run(machine: str, name: str) -> None:
    assert (verdict(name, machine=machine), verdict(name, machine=machine, traced=DESCRIPTORS)) == (ALLOW, NOTIFY)


@pytest.mark.parametrize(("machine", "name"), calls_of(*USING))
def test_the_calls_that_use_descriptors_are_told_of_only_where_their_use_is_looked_at(machine: str, name: str) -> None:
    results = [verdict(name, machine=machine, traced=depth) for depth in ("", OPENINGS, DESCRIPTORS)]
    assert results == [ALLOW, ALLOW, NOTIFY]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_traced_run_is_told_of_fcntl_just_where_it_makes_a_descriptor(machine: str) -> None:
    told = [
        command
        for command in range(2000)
        if verdict("fcntl", [3, command], machine=machine, traced=DESCRIPTORS) == NOTIFY
    ]
    assert told == list(DUPLICATING)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_traced_run_is_told_of_all_that_any_other_is(machine: str) -> None:
    for name in NUMBERS[machine]:
        assert verdict(name, machine=machine) == ALLOW or verdict(name, machine=machine, traced=DESCRIPTORS) == NOTIFY


# -- terminals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_on_a_terminal_a_program_s_own_group_can_be_set_to_what_it_is(machine: str) -> None:
    def result(first: int, second: int, *, terminal: bool) -> int | str:
        program = watch_filter(machine, EXIT_OFFSETS, terminal=terminal)
        call = Call(NUMBERS[machine]["setpgid"], ARCH[machine], 0, (first, second, 0, 0, 0, 0))
        return interpret(program, call).result

    assert result(OWN_PID, OWN_PID, terminal=True) == SUCCEED
    for first, second in ((0, 0), (OWN_PID, 0), (5, OWN_PID), (5, 5)):
        assert result(first, second, terminal=True) == ALLOW
    assert result(OWN_PID, OWN_PID, terminal=False) == ALLOW


# -- other architectures --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBERS["x86_64"])
def test_calls_of_the_x32_interface_go_through_untouched(name: str) -> None:
    program = watch_filter("x86_64", EXIT_OFFSETS, FAULT_CALLS)
    assert interpret(program, Call(NUMBERS["x86_64"][name] | X32_BIT)).result == ALLOW


@pytest.mark.parametrize(("machine", "arch"), [("x86_64", I386), ("aarch64", ARM)])
def test_calls_of_another_architecture_go_through_untouched(machine: str, arch: int) -> None:
    program = watch_filter(machine, EXIT_OFFSETS, FAULT_CALLS)
    assert {interpret(program, Call(number, arch)).result for number in range(500)} == {ALLOW}


# -- the program as a whole -----------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("faults", [[], *([fault] for fault in FAULT_CALLS), list(FAULT_CALLS)])
def test_every_instruction_jumps_within_the_program_and_the_last_one_returns(machine: str, faults: list[str]) -> None:
    code = list(struct.iter_unpack("<HBBI", watch_filter(machine, EXIT_OFFSETS, faults, traced=DESCRIPTORS)))
    assert len(code) <= MOST_INSTRUCTIONS
    for place, (operation, if_true, if_false, _value) in enumerate(code):
        if operation in (JUMP_EQUAL, JUMP_SET):
            assert place + 1 + max(if_true, if_false) < len(code)
        else:
            assert (if_true, if_false) == (0, 0)
    assert code[-1][0] == RETURN


@pytest.mark.parametrize("name", ["read", "write", "close"])
def test_a_call_that_is_not_listed_costs_a_few_dozen_instructions(name: str) -> None:
    assert interpret(watch_filter("x86_64", EXIT_OFFSETS), Call(NUMBERS["x86_64"][name])).steps < 30
