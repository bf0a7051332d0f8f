"""The parsers of what the agent read from `/proc`, on captures of real programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import NAMES, recorded

from grader.observe.procfs import (
    FileDescriptor,
    Stat,
    Status,
    SystemCall,
    is_standard,
    parse_cmdline,
    parse_descriptors,
    parse_stat,
    parse_status,
    parse_syscall,
)

UNREADABLE = {"error": "EACCES"}


# -- stat -----------------------------------------------------------------------------------------


def test_a_command_with_spaces_and_parentheses_is_read_whole() -> None:
    one_of_each = recorded("opens_one_of_each")
    stat = parse_stat(one_of_each.process()["stat"])
    assert stat is not None
    assert stat == Stat(
        pid=one_of_each.root,
        command="a) S (b c",
        state="S",
        ppid=1,
        pgid=one_of_each.root,
        sid=one_of_each.root,
        terminal=0,
        start_ticks=stat.start_ticks,
        ignored=0,
        exit_status=0,
        layout=stat.layout,
    )


def test_a_zombie_tells_its_wait_status() -> None:
    keeps = recorded("keeps_a_zombie")
    (child,) = (pid for pid in keeps.snapshots[-1]["processes"] if int(pid) != keeps.root)
    stat = parse_stat(keeps.process(int(child))["stat"])
    assert stat is not None
    assert (stat.state, stat.ppid, stat.exit_status) == ("Z", keeps.root, 3 << 8)


def test_a_stat_that_could_not_be_read_is_none() -> None:
    assert parse_stat(UNREADABLE) is None


def test_a_kernel_that_tells_no_exit_status_leaves_it_zero() -> None:
    (text, _, _) = recorded("keeps_a_zombie").process()["stat"].rpartition(" ")
    stat = parse_stat(text)
    assert stat is not None
    assert stat.exit_status == 0


@given(st.text(st.characters(exclude_characters="\0"), max_size=15))
def test_no_command_can_feign_another_field(command: str) -> None:
    text = recorded("reads_stdin").process()["stat"]
    renamed = text.replace("(subject)", f"({command})")
    plain, feigned = parse_stat(text), parse_stat(renamed)
    assert plain is not None
    assert feigned is not None
    assert feigned.command == command
    assert (feigned.pid, feigned.state, feigned.ppid, feigned.start_ticks) == (
        *(plain.pid, plain.state),
        *(plain.ppid, plain.start_ticks),
    )


# -- status ---------------------------------------------------------------------------------------


def test_signals_are_read_as_masks_with_signal_1_at_bit_0() -> None:
    subject = recorded("has_every_kind_of_signal")
    status = parse_status(subject.process()["tasks"][str(subject.root)]["status"])
    assert status is not None
    assert status == Status(
        state="S",
        tracer=0,
        pending=1 << 11,  # SIGUSR2
        blocked=1 << 9 | 1 << 11,
        ignored=1 << 0,  # SIGHUP
        caught=1 << 14,  # SIGTERM
        switches=status.switches,
    )


def test_a_signal_for_the_thread_and_one_for_the_process_are_both_pending() -> None:
    text = recorded("reads_stdin").process()["tasks"][str(recorded("reads_stdin").root)]["status"]
    zero = "0" * 16
    both = text.replace(f"SigPnd:\t{zero}", f"SigPnd:\t{zero[:-1]}1").replace(
        f"ShdPnd:\t{zero}", f"ShdPnd:\t{zero[:-1]}4"
    )
    status = parse_status(both)
    assert status is not None
    assert status.pending == 0b101


def test_context_switches_are_read_both_kinds() -> None:
    subject = recorded("reads_stdin")
    text = subject.process()["tasks"][str(subject.root)]["status"]
    status = parse_status(text)
    assert status is not None
    last_two = [int(line.split("\t")[1]) for line in text.splitlines()[-2:]]
    assert status.switches == tuple(last_two)


def test_a_stopped_process_has_state_t() -> None:
    subject = recorded("stops_itself")
    status = parse_status(subject.process()["tasks"][str(subject.root)]["status"])
    assert status is not None
    assert status.state == "T"


def test_a_status_that_could_not_be_read_is_none() -> None:
    assert parse_status(UNREADABLE) is None


@pytest.mark.parametrize("name", ["x\x0bState:\tR", "x\u2028SigPnd:\tf", "x\x85TracerPid:\t1"])
def test_a_command_with_line_separators_of_python_feigns_no_field(name: str) -> None:
    """The kernel writes a newline in a name as `\\n`, other separators as they are."""
    subject = recorded("reads_stdin")
    text = subject.process()["tasks"][str(subject.root)]["status"]
    assert parse_status(text.replace("Name:\tsubject", f"Name:\t{name}")) == parse_status(text)


# -- syscall --------------------------------------------------------------------------------------


def test_a_blocked_thread_tells_its_call_by_name_and_all_six_arguments() -> None:
    subject = recorded("reads_stdin")
    captured = subject.process()["tasks"][str(subject.root)]["syscall"]
    call = parse_syscall(captured, NAMES)
    arguments = tuple(int(field, 16) for field in captured.split()[1:7])
    stack_pointer = int(captured.split()[7], 16)
    assert call == SystemCall(number=0, name="read", arguments=arguments, stack_pointer=stack_pointer)
    assert (arguments[0], arguments[2]) == (0, 4096)


@pytest.mark.parametrize("captured", ["running\n", "-1 0x7ffe0000 0x7f000000\n", "", UNREADABLE])
def test_a_thread_that_is_in_no_call_or_could_not_be_looked_at_has_none(captured: object) -> None:
    assert parse_syscall(captured, NAMES) is None


def test_a_call_that_is_in_no_table_has_no_name() -> None:
    call = parse_syscall("999 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffe0000 0x7f000000\n", NAMES)
    assert call == SystemCall(number=999, name="", arguments=(1, 2, 3, 4, 5, 6), stack_pointer=0x7FFE0000)


def test_a_call_of_the_x32_interface_is_not_taken_for_one_of_the_same_number() -> None:
    call = parse_syscall(f"{0x40000000} 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n", NAMES)
    assert call is not None
    assert call.name == ""


# -- descriptors ----------------------------------------------------------------------------------


@pytest.fixture
def one_of_each() -> dict[int, FileDescriptor]:
    rows = parse_descriptors(recorded("opens_one_of_each").process()["fds"])
    assert rows is not None
    return {row.number: row for row in rows}


def test_a_table_is_in_the_order_of_its_numbers(one_of_each: dict[int, FileDescriptor]) -> None:
    assert list(one_of_each) == list(range(17))


@pytest.mark.parametrize(
    ("number", "target", "access", "is_fifo", "cloexec"),
    [
        (5, "/work/fifo", "rw", True, False),
        (6, "anon_inode:[eventfd]", "rw", False, False),
        (7, "anon_inode:[eventfd]", "rw", False, True),
        (8, "/work/gone (deleted)", "w", False, False),
        (9, "/dev/null", "r", False, True),
        (12, "/memfd:memory (deleted)", "rw", False, False),
        (13, "anon_inode:[eventpoll]", "rw", False, False),
        (14, "/work", "r", False, False),
        (15, "/work/subject", "", False, False),
    ],
)
def test_each_kind_of_file_is_read(
    one_of_each: dict[int, FileDescriptor], number: int, target: str, access: str, is_fifo: bool, cloexec: bool
) -> None:
    row = one_of_each[number]
    assert (row.target, row.access, row.is_fifo, row.cloexec) == (target, access, is_fifo, cloexec)


def test_the_ends_of_a_pipe_are_one_object_with_a_direction_each(one_of_each: dict[int, FileDescriptor]) -> None:
    ends = [one_of_each[number] for number in (3, 4, 16)]
    assert {end.identity for end in ends} == {ends[0].target}
    assert [(end.access, end.is_fifo, end.cloexec) for end in ends] == [
        ("r", True, True),
        ("w", True, True),
        ("w", True, False),
    ]


def test_two_eventfds_are_two_objects(one_of_each: dict[int, FileDescriptor]) -> None:
    assert one_of_each[6].identity != one_of_each[7].identity


def test_the_two_ends_of_a_socket_pair_are_two_objects(one_of_each: dict[int, FileDescriptor]) -> None:
    assert one_of_each[10].identity != one_of_each[11].identity


def test_a_file_is_known_by_device_and_inode_even_when_it_is_deleted(one_of_each: dict[int, FileDescriptor]) -> None:
    file = recorded("opens_one_of_each").process()["fds"]["8"]["file"]
    assert one_of_each[8].identity == f"{file[0]}:{file[1]}"


def test_the_first_three_are_the_standard_ones(one_of_each: dict[int, FileDescriptor]) -> None:
    assert [number for number, row in one_of_each.items() if is_standard(row)] == [0, 1, 2]


def test_without_details_nobody_claims_to_know_the_close_on_exec_flag() -> None:
    (event,) = recorded("exits").events_of("exec")
    rows = parse_descriptors(event.facts["fds"])
    assert rows is not None
    assert [(row.number, row.cloexec, row.info) for row in rows] == [(0, None, ""), (1, None, ""), (2, None, "")]


def test_a_zombie_has_an_empty_table() -> None:
    keeps = recorded("keeps_a_zombie")
    (child,) = (pid for pid in keeps.snapshots[-1]["processes"] if int(pid) != keeps.root)
    assert parse_descriptors(keeps.process(int(child))["fds"]) == ()


def test_a_table_that_could_not_be_read_is_none() -> None:
    assert parse_descriptors(UNREADABLE) is None


def test_a_table_with_a_row_that_could_not_be_read_is_none() -> None:
    table = recorded("opens_one_of_each").process()["fds"]
    assert parse_descriptors({**table, "5": UNREADABLE}) is None


def test_a_descriptor_closed_while_the_table_was_read_is_not_in_it() -> None:
    table = recorded("opens_one_of_each").process()["fds"]
    rows = parse_descriptors({**table, "5": {"error": "ENOENT"}})
    assert rows is not None
    assert [row.number for row in rows] == [0, 1, 2, 3, 4, *range(6, 17)]


def test_details_that_could_not_be_read_leave_the_flag_unknown() -> None:
    table = recorded("opens_one_of_each").process()["fds"]
    rows = parse_descriptors({"9": {**table["9"], "info": UNREADABLE}})
    assert rows is not None
    assert [(row.target, row.cloexec, row.info) for row in rows] == [("/dev/null", None, "")]


# -- cmdline --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("captured", "argv"),
    [
        ("./p\0a b\0\0", ("./p", "a b", "")),
        ("./p\0", ("./p",)),
        ("retitled", ("retitled",)),
        ("", ()),
        (UNREADABLE, ()),
    ],
)
def test_arguments_are_cut_at_nul_bytes(captured: object, argv: tuple[str, ...]) -> None:
    assert parse_cmdline(captured) == argv


def test_the_arguments_of_a_real_program_are_those_it_was_started_with() -> None:
    assert parse_cmdline(recorded("reads_stdin").process()["cmdline"]) == ("./subject", "reads_stdin")
