"""What one would write by hand: pytest and subprocess, in the container beside the student's program.

Runs there, next to `commands.json`. Every run of a check has its time limit, and is killed with all it started.
"""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

GIVEN = json.loads(Path("commands.json").read_text(encoding="utf-8"))


def run(argv, stdin):
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            out, _err = process.communicate(stdin, timeout=GIVEN["time_seconds"])
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, out


@pytest.mark.parametrize("check", list(GIVEN["checks"]))
def test_check(check):
    for command in GIVEN["checks"][check]:
        code, out = run(command["argv"], command["stdin"].encode("latin-1"))
        if not command["disturbed"]:
            assert code == command["exit_code"]
            assert out == command["stdout"].encode("latin-1")
