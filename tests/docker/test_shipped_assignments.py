"""The shipped assignments: right programs get full marks, each wrong one fails what its label says by what it says."""

import subprocess
import sys

import docker
import pytest

from grader.spec import shipped_names


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_assignment_is_valid(engine: docker.APIClient, name: str) -> None:
    assert engine is not None  # the image is there
    done = subprocess.run(
        [sys.executable, "-m", "grader", "validate", name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
