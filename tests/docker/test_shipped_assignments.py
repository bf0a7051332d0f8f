"""The shipped assignments: right programs get full marks, each wrong one fails what its label says by what it says."""

import docker
import pytest

from grader.spec import shipped_names
from grader.validate import validate


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_assignment_is_valid(engine: docker.APIClient, name: str) -> None:
    assert engine is not None  # the image is there
    assert [str(problem) for problem in validate(name).problems] == []
