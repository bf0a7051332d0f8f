"""What the memory and thread checkers say, read from files that they really wrote, and explained to a student."""

from pathlib import Path

import pytest

from grader.findings import Finding, FindingKind
from grader.instruments import address, probe, thread, undefined, valgrind
from grader.instruments.reports import ToolFailedError
from grader.instruments.tools import TOOLS, compiler_options

REPORTS = Path(__file__).with_name("tool_reports")


def files_of(program: str, tool: str) -> dict[int, str]:
    paths = sorted(REPORTS.glob(f"{program}.{tool}.*.txt"))
    return {number: path.read_text(encoding="utf-8") for number, path in enumerate(paths, 101)}


def findings(program: str, tool: str) -> tuple[Finding, ...]:
    files = files_of(program, tool)
    assert files, f"nothing is recorded of {program} under {tool}"
    return TOOLS[tool].read(files, program)


def the_only(program: str, tool: str) -> Finding:
    found = findings(program, tool)
    assert len(found) == 1, found
    return found[0]


MEMORY = [
    ("overflows_the_heap", "address", "heap-buffer-overflow", 6),
    ("overflows_the_heap", "valgrind", "heap-buffer-overflow", 6),
    ("uses_after_free", "address", "heap-use-after-free", 9),
    ("uses_after_free", "thread", "heap-use-after-free", 9),
    ("uses_after_free", "valgrind", "heap-use-after-free", 9),
    ("frees_twice", "address", "double-free", 2),
    ("frees_twice", "valgrind", "double-free", 2),
    ("frees_the_middle", "address", "bad-free", 5),
    ("overflows_a_local", "address", "stack-buffer-overflow", 7),
    ("overflows_a_local", "undefined", "index-out-of-bounds", 7),
    ("overflows_a_global", "address", "global-buffer-overflow", 5),
    ("dereferences_null", "address", "null-dereference", 6),
    ("dereferences_null", "undefined", "null-dereference", 6),
    ("dereferences_null", "valgrind", "null-dereference", 6),
    ("returns_a_local", "address", "stack-use-after-return", 12),
    ("copies_onto_itself", "address", "memcpy-param-overlap", 6),
    ("reads_past_a_string", "address", "heap-buffer-overflow", 8),
    ("reads_past_a_string", "valgrind", "heap-buffer-overflow", 8),
    ("overflows_in_children", "address", "heap-buffer-overflow", 10),
    ("overflows_in_children", "valgrind", "heap-buffer-overflow", 10),
]


@pytest.mark.parametrize(("program", "tool", "error", "line"), MEMORY)
def test_an_error_is_told_with_the_students_line(program: str, tool: str, error: str, line: int) -> None:
    found = findings(program, tool)[0]
    assert (found.kind, found.evidence["error"]) == (FindingKind.MEMORY_ERROR, error)
    assert found.source is not None
    assert (found.source.file, found.source.line) == (f"{program}.c", line)


@pytest.mark.parametrize(("program", "tool", "error", "line"), MEMORY)
def test_a_message_is_one_line_of_words_without_addresses(program: str, tool: str, error: str, line: int) -> None:
    message = findings(program, tool)[0].message
    assert "\n" not in message
    assert "0x" not in message
    assert "  " not in message
    assert message.endswith(".")
    assert f"{program}.c:{line}" in message


def test_an_overflow_tells_the_block_and_where_it_was_allocated() -> None:
    assert the_only("overflows_the_heap", "address").message == (
        "`fill` (overflows_the_heap.c:6), called by `main` (overflows_the_heap.c:11), writes 1 byte beyond the end of "
        "a block of 10 bytes that was allocated in `main` (overflows_the_heap.c:10), at its offset 10."
    )
    assert the_only("overflows_the_heap", "valgrind").message == the_only("overflows_the_heap", "address").message


def test_an_overflow_in_a_library_function_names_it_and_no_offset() -> None:
    message = the_only("overflows_a_global", "address").message
    assert message == (
        "`main` (overflows_a_global.c:5) writes beyond the end of the variable `name` (8 bytes), in `strcpy`."
    )


def test_a_local_variable_is_named_with_its_line() -> None:
    assert "the variable `numbers` (16 bytes, declared in line 4)" in the_only("overflows_a_local", "address").message
    assert "`text`" in the_only("returns_a_local", "address").message


@pytest.mark.parametrize("tool", ["address", "valgrind"])
def test_a_second_free_tells_the_first_one(tool: str) -> None:
    message = the_only("frees_twice", tool).message
    assert "called by `main` (frees_twice.c:7), frees a block for the second time" in message
    assert "freed before in `drop` (frees_twice.c:2), called by `main` (frees_twice.c:6)" in message


def test_a_use_after_free_tells_where_it_was_freed() -> None:
    for tool in ("address", "valgrind", "thread"):
        assert "(uses_after_free.c:8)" in findings("uses_after_free", tool)[0].message


def test_leaks_of_one_line_are_added_up() -> None:
    found = findings("leaks", "leak")
    assert [(leak.source.line if leak.source else 0) for leak in found] == [8, 17]
    assert "A leak of 48 bytes in 3 blocks: what `make` (leaks.c:8), called by `main` (leaks.c:16)," in found[0].message
    assert "A leak of 13 bytes: what `main` (leaks.c:17) allocates is never freed" in found[1].message


def test_valgrind_finds_the_same_leaks() -> None:
    found = findings("leaks", "valgrind")
    assert {(leak.source.line if leak.source else 0, leak.message.split(":")[0]) for leak in found} == {
        (8, "A leak of 48 bytes"),
        (17, "A leak of 13 bytes"),
    }


def test_a_leak_that_no_line_of_the_student_allocated_is_not_claimed() -> None:
    text = files_of("leaks", "leak")[101].replace("/work/", "/usr/src/")
    assert TOOLS["leak"].read({101: text}, "leaks") == ()


def test_the_same_error_in_several_processes_is_one_finding() -> None:
    assert len(files_of("overflows_in_children", "address")) == 3
    assert len(findings("overflows_in_children", "address")) == 1
    assert len(findings("overflows_in_children", "valgrind")) == 1


def test_an_uninitialised_value_is_told_for_each_line() -> None:
    found = findings("branches_on_chance", "valgrind")
    assert [(finding.source.line if finding.source else 0) for finding in found] == [7, 9]
    assert all(finding.evidence["error"] == "uninitialised-value" for finding in found)


def test_undefined_behaviour_is_told_once_for_each_line() -> None:
    found = findings("has_undefined_behaviour", "undefined")
    assert [(finding.evidence["error"], finding.source.line if finding.source else 0) for finding in found] == [
        ("signed-overflow", 8),
        ("shift", 10),
        ("index-out-of-bounds", 11),
    ]


def test_only_the_tool_that_ends_the_program_says_so() -> None:
    assert the_only("overflows_the_heap", "address").evidence["ended_the_program"] is True
    assert "ended_the_program" not in the_only("overflows_the_heap", "valgrind").evidence


def test_a_program_without_fault_has_no_finding() -> None:
    assert files_of("does_it_right", "valgrind")
    assert findings("does_it_right", "valgrind") == ()
    for tool in ("address", "leak", "undefined", "thread"):
        assert files_of("does_it_right", tool) == {}
        assert TOOLS[tool].read({}, "does_it_right") == ()


# -- threads --------------------------------------------------------------------------------------


def test_a_race_names_the_variable_and_both_lines() -> None:
    race = the_only("races_on_a_global", "thread")
    assert (race.kind, race.resource, race.source and race.source.line) == (FindingKind.RACE, "counter", 7)
    assert race.message.startswith("Data race on `counter`: a thread (started in line ")
    assert race.message.count("`count` (races_on_a_global.c:7)") == 2
    assert "another thread (started in line " in race.message


def test_a_race_on_the_heap_tells_where_the_memory_comes_from() -> None:
    race = the_only("races_on_the_heap", "thread")
    assert "the memory that `main` (races_on_the_heap.c:12) allocated" in race.message
    assert "`main` (races_on_the_heap.c:15)" in race.message
    assert "`deposit` (races_on_the_heap.c:7)" in race.message


def test_a_lock_misused_is_told_with_its_name() -> None:
    found = the_only("unlocks_anothers_lock", "thread")
    assert found.message == ("`other` (unlocks_anothers_lock.c:3) unlocks the mutex `lock` that it does not hold.")


def test_a_race_of_which_no_access_is_the_students_is_not_claimed() -> None:
    text = files_of("races_on_a_global", "thread")[101].replace("/work/", "/usr/src/")
    assert TOOLS["thread"].read({101: text}, "program") == ()


def test_a_race_on_a_descriptor_is_not_claimed() -> None:
    text = files_of("races_on_a_global", "thread")[101]
    text = text.replace("Location is global 'counter' of size 4 at", "Location is file descriptor 3 created at")
    assert "file descriptor" in text
    assert TOOLS["thread"].read({101: text}, "program") == ()


# -- what is no report ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "==12==LeakSanitizer has encountered a fatal error.\n==12==HINT: For debugging, try setting …\n",
        "FATAL: ThreadSanitizer: unexpected memory mapping 0x5581-0x5582\n",
        "==7==ERROR: AddressSanitizer failed to allocate 0x1000 (4096) bytes of stack\n",
    ],
)
def test_a_tool_that_gave_up_has_not_looked(text: str) -> None:
    for read in (address.read_reports, thread.read_reports):
        with pytest.raises(ToolFailedError, match="Sanitizer"):
            read(text)
    with pytest.raises(ToolFailedError, match="Sanitizer"):
        undefined.read_reports(text, 12)


def test_a_remark_alone_is_no_report_and_no_failure() -> None:
    remark = "==12==WARNING: ASan is ignoring requested __asan_handle_no_return: stack type: default\n"
    assert address.read_reports(remark) == ()
    assert thread.read_reports("") == ()
    assert undefined.read_reports("", 1) == ()


def test_what_is_said_of_a_stack_that_was_lost_is_not_believed() -> None:
    remark = "==12==WARNING: ASan is ignoring requested __asan_handle_no_return: stack type: default\n"
    with pytest.raises(ToolFailedError, match="lost track"):
        address.read_reports(remark + files_of("overflows_a_local", "address")[101])
    assert address.read_reports(remark + files_of("overflows_the_heap", "address")[101])


def test_valgrinds_file_may_end_in_the_middle() -> None:
    whole = files_of("branches_on_chance", "valgrind")[101]
    cut = whole[: whole.index("</error>") + len("</error>")]
    assert len(valgrind.read_reports(cut, 1)) == 1
    for end in (0, 5, 100, whole.index("<error>") + 30):
        assert valgrind.read_reports(whole[:end], 1) == ()


def test_a_process_killed_at_once_under_valgrind_is_no_failure_of_the_tool() -> None:
    whole = files_of("does_it_right", "valgrind")[101]
    assert TOOLS["valgrind"].read({101: whole, 102: whole[:200], 103: ""}, "program") == ()
    with pytest.raises(ToolFailedError, match="no report"):
        TOOLS["valgrind"].read({102: whole[:200]}, "program")


def test_a_report_cut_short_is_no_failure_of_the_tool() -> None:
    assert address.read_reports("=" * 65 + "\n") == ()
    assert address.read_reports("=" * 65 + "\n==7==ERROR: LeakSanitizer: detected memory leaks\n") == ()
    assert thread.read_reports("=" * 18 + "\nWARNING: ThreadSanitizer: data race (pid=7)\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "junk",
        '<?xml version="1.0"?>\n<error><kind>&boom;</kind></error>',
        "<pid>3</pid><error><kind>&boom;</kind></error>",
    ],
)
def test_what_is_not_valgrinds_is_refused(text: str) -> None:
    with pytest.raises(ToolFailedError):
        valgrind.read_reports(text, 1)


def test_valgrind_that_wrote_nothing_has_not_looked() -> None:
    with pytest.raises(ToolFailedError):
        TOOLS["valgrind"].read({}, "program")


def test_uninitialised_padding_given_to_a_system_call_is_no_error() -> None:
    text = files_of("branches_on_chance", "valgrind")[101]
    text = text.replace("<kind>UninitCondition</kind>", "<kind>SyscallParam</kind>").replace(
        "Conditional jump or move depends on uninitialised value(s)",
        "Syscall param write(buf) points to uninitialised byte(s)",
    )
    assert valgrind.read_reports(text, 1) == ()


# -- building -------------------------------------------------------------------------------------


def test_options_that_a_tool_cannot_bear_are_left_out() -> None:
    given = ("-std=gnu17", "-O2", "-static", "-flto=auto", "-s", "-fsanitize=address", "-D_FORTIFY_SOURCE=2", "-DX=1")
    options = compiler_options(TOOLS["thread"], given, optimised=False)
    assert options[:3] == ["-std=gnu17", "-O2", "-DX=1"]
    assert options[-2:] == ["-O0", "-fsanitize=thread"]
    assert "-O0" not in compiler_options(TOOLS["thread"], given, optimised=True)


def test_every_tool_has_a_fault_to_be_tried_on() -> None:
    assert set(probe.WRONGS) == set(TOOLS)
    for wrong in probe.WRONGS.values():
        assert f"/* {wrong} */" in probe.SOURCE


def test_a_probe_is_right_only_if_just_its_fault_is_found() -> None:
    race = the_only("races_on_a_global", "thread")
    assert not probe.is_found("race", ())
    assert not probe.is_found("race", (race,))
