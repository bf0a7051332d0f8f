"""Fixtures over the real sandbox: one container for the tests of a module, swept before each of them."""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tiny_assignment import TinyAssignment
from workshop import LIMITS, Workshop

from sandbox.container import ContainerStream, Containment
from sandbox.docker import connect, launch
from sandbox.image import build_image
from sandbox.session import Session


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The Docker Engine, with the image of this version of the sandbox."""
    client = connect()
    build_image(client, print)
    yield client
    client.close()


@pytest.fixture(scope="module")
def stream(engine: docker.APIClient) -> ContainerStream:
    """The container that the tests of a module share."""
    return launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))


@pytest.fixture(scope="module")
def shared_session(stream: ContainerStream) -> Iterator[Session]:
    """The session that the tests of a module share, as the test before left it."""
    with Session(stream) as session:
        yield session


@pytest.fixture
def session(shared_session: Session) -> Session:
    """The session with a fresh work folder."""
    shared_session.reset()
    return shared_session


@pytest.fixture
def workshop(session: Session) -> Workshop:
    """Makes programs and runs them."""
    return Workshop(session)


@pytest.fixture
def tiny(engine: docker.APIClient, tmp_path: Path) -> TinyAssignment:
    """An assignment of two checks, and a submission that passes both."""
    assert engine is not None  # the image is there
    return TinyAssignment(tmp_path)
