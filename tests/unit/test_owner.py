"""Whose a container is, and whether that process has ended."""

import subprocess
import sys
from pathlib import Path

from sandbox.owner import is_gone, owner

ROOT = Path(__file__).resolve().parents[2]
TELL = "from sandbox.owner import owner; print(owner(), flush=True); input()"


def test_this_very_process_has_not_ended() -> None:
    assert is_gone(owner()) is False


def test_a_process_has_ended_once_it_is_killed() -> None:
    arguments = [sys.executable, "-c", TELL]
    with subprocess.Popen(
        arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        label = process.stdout.readline().rstrip("\n")
        assert is_gone(label) is False
        process.kill()
        process.stdout.read()  # its end is the process's
        while is_gone(label) is False:  # a moment later it is a zombie
            assert process.poll() in (None, -9)
        assert is_gone(label) is True


def test_another_process_of_the_same_number_is_not_it() -> None:
    machine, _, _start = owner().rpartition(" ")
    assert is_gone(f"{machine} 1") is True


def test_of_another_machine_it_cannot_be_told() -> None:
    assert is_gone(f"elsewhere {owner()}") is None
    assert is_gone("") is None
    assert is_gone("1 2") is None
