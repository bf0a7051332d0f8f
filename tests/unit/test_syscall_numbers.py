"""The table of system calls against the kernel's own headers, where they are installed."""

import re
from pathlib import Path

import pytest

from sandbox.syscall_numbers import NUMBERS, names_by_number

X86_64 = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
GENERIC = Path("/usr/include/asm-generic/unistd.h")

AARCH64_NAMES = {"fcntl": "3264_fcntl", "sendfile": "3264_sendfile"}
"""What `asm-generic/unistd.h` calls the calls that 32-bit machines have in a wider form."""


def numbers_in(header: Path, prefix: str) -> dict[str, int]:
    text = header.read_text(encoding="utf-8")
    return {name: int(number) for name, number in re.findall(rf"^#define {prefix}(\w+)\s+(\d+)$", text, re.MULTILINE)}


@pytest.mark.skipif(not X86_64.exists(), reason="linux-libc-dev for x86_64 is not installed")
def test_the_numbers_of_x86_64_are_those_of_its_header() -> None:
    header = numbers_in(X86_64, "__NR_")
    assert NUMBERS["x86_64"] == {name: header.get(name) for name in NUMBERS["x86_64"]}


@pytest.mark.skipif(not GENERIC.exists(), reason="linux-libc-dev is not installed")
def test_the_numbers_of_aarch64_are_those_of_the_generic_header() -> None:
    header = numbers_in(GENERIC, "__NR_") | {
        name: number
        for name, generic in AARCH64_NAMES.items()
        if (number := numbers_in(GENERIC, "__NR").get(generic)) is not None
    }
    assert NUMBERS["aarch64"] == {name: header.get(name) for name in NUMBERS["aarch64"]}


@pytest.mark.skipif(not GENERIC.exists(), reason="linux-libc-dev is not installed")
def test_a_call_is_left_out_for_aarch64_only_if_the_machine_does_not_have_it() -> None:
    header = numbers_in(GENERIC, "__NR_")
    assert {name for name in NUMBERS["x86_64"] if name not in NUMBERS["aarch64"] and name in header} == set()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_number_stands_for_two_calls(machine: str) -> None:
    assert {number: name for name, number in NUMBERS[machine].items()} == names_by_number(machine)
    assert len(names_by_number(machine)) == len(NUMBERS[machine])


def test_aarch64_has_none_of_the_old_calls() -> None:
    missing = set(NUMBERS["x86_64"]) - set(NUMBERS["aarch64"])
    assert {"open", "fork", "vfork", "pipe", "dup2", "poll", "select", "pause", "alarm"} <= missing
