"""Fixtures for hostile submissions, which are graded as any other: by the command's own way, in real sandboxes."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import docker
import pytest
from hostile_course import HONEST, Course

from sandbox.docker import connect
from sandbox.image import SESSION_LABEL, build_image
from sandbox.owner import OWNER_LABEL, owner


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The Docker Engine, with the image of this version of the sandbox."""
    client = connect()
    build_image(client, print)
    yield client
    client.close()


@pytest.fixture(scope="session")
def own_containers(engine: docker.APIClient) -> Callable[[], list[str]]:
    """The sandboxes that this very process has started and that are still there."""

    def own() -> list[str]:
        listed = engine.containers(all=True, filters={"label": [SESSION_LABEL, f"{OWNER_LABEL}={owner()}"]})
        return [container["Id"] for container in listed]

    return own


@pytest.fixture
def course(engine: docker.APIClient, tmp_path: Path) -> Course:
    """The assignment with a single attack, called `attack`."""
    assert engine is not None  # the image is there
    return Course(tmp_path)


@pytest.fixture(scope="session")
def next_submission_passes(
    engine: docker.APIClient, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[object], bool]:
    """Whether an honest submission gets full marks after that one; asked once for each."""

    @cache
    def passes(after: object) -> bool:
        course = Course(tmp_path_factory.mktemp("next"))
        return course.grade(course.hand_in(HONEST)).all_passed

    return passes
