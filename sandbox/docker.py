"""Launcher: starts the agent in a container through the Docker SDK and hands back a byte stream.

The only module that knows Docker's options. What they contain, and what they do not, is told in
`docs/threat-model.md`.
"""

import json
import os
import secrets
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.utils
import requests.exceptions

from sandbox.errors import SandboxError, SandboxLostError
from sandbox.image import SESSION_LABEL, image_name, remove_leftovers
from sandbox.owner import OWNER_LABEL, owner

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "SYS_NICE", "SYS_PTRACE")
"""What the agent needs: to become the student, own the student's files, look into and end its processes, and be
scheduled before them."""

AGENT_MEMORY_BYTES = 64 << 20
"""Added to the student's memory limit: the agent itself, and what it holds on its way to the host."""

AGENT_PROCESSES = 8
"""Added to the student's process limit, so that a fork bomb leaves the agent able to act."""

RUNTIME_VARIABLE = "GRADER_RUNTIME"
"""Names the runtime of every sandbox, also in the processes that a command starts."""

FOLDER_BYTES = 64 << 20
FOLDER_INODES = 20_000

STDOUT, STDERR = 1, 2
_STREAM_HEADER = struct.Struct(">BxxxI")

_AGENT = "import sys; sys.path.insert(0, '/opt/grader'); from sandbox.agent.main import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Containment:
    """The outer limits of one container: of all student processes in it together.

    `runtime` is what the engine runs it with, such as Kata Containers; None is the engine's default.
    """

    memory_bytes: int
    processes: int
    runtime: str | None = field(default_factory=lambda: os.environ.get(RUNTIME_VARIABLE) or None)


class ContainerStream:
    """The agent's standard input and output. Non-blocking; `fileno` is for select."""

    def __init__(self, client: docker.APIClient, container: str, connection: Any, uid: int) -> None:
        self.container = container
        self.uid = uid
        self.errors = bytearray()
        self._client = client
        self._connection = connection
        self._socket: socket.socket = getattr(connection, "_sock", connection)
        self._socket.setblocking(False)
        self._buffer = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes | memoryview) -> int:
        """Write what fits now; 0 if nothing does."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> bytes:
        """What the agent has sent by now, possibly nothing; raises SandboxError when the stream has ended."""
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        self._buffer += data
        return self._split_streams()

    def _split_streams(self) -> bytes:
        """Take the engine's stream headers off, see "Stream format" of its attach endpoint."""
        received = bytearray()
        position = 0
        while len(self._buffer) - position >= _STREAM_HEADER.size:
            stream, size = _STREAM_HEADER.unpack_from(self._buffer, position)
            end = position + _STREAM_HEADER.size + size
            if len(self._buffer) < end:
                break
            payload = self._buffer[position + _STREAM_HEADER.size : end]
            if stream == STDOUT:
                received += payload
            else:
                self.errors += payload
            position = end
        del self._buffer[:position]
        return bytes(received)

    def _lost(self) -> SandboxError:
        said = self.errors.decode("utf-8", "replace").strip().splitlines()
        detail = f": {said[-1]}" if said else ""
        return SandboxLostError(
            f"the sandbox ended unexpectedly{detail}",
            "This is no fault of the submission; run the command again, and `grader doctor` if it persists.",
        )

    def close(self, *, at_once: bool = False) -> None:
        """Let go of the sandbox: its agent ends with the stream, and Docker removes the container.

        `at_once` removes it before returning.
        """
        with suppress(OSError):
            self._connection.close()
        with suppress(OSError):
            self._socket.close()
        if at_once:
            with suppress(docker.errors.APIError, requests.exceptions.RequestException):
                self._client.remove_container(self.container, force=True)
        self._client.close()


def connect() -> docker.APIClient:
    """A client of the Docker Engine that the environment names.

    Raises SandboxError if none answers.
    """
    try:
        return docker.APIClient(version="auto", timeout=60, **docker.utils.kwargs_from_env())
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise SandboxError(
            f"no Docker Engine answers ({_reason(error)})",
            "Start Docker, or run `make setup` in the grader's folder, which installs and starts it on Debian.",
        ) from error


def launch(containment: Containment) -> ContainerStream:
    """Start a fresh container with the agent in it; it is up when the agent's first message comes.

    Raises SandboxError if Docker does not answer or the image is missing.
    """
    client = connect()
    uid = 20_000 + secrets.randbelow(40_000)
    try:
        container = client.create_container(
            image_name(),
            command=["/usr/bin/python3", "-I", "-S", "-c", _AGENT, str(uid)],
            stdin_open=True,
            working_dir="/",
            hostname="sandbox",
            labels={SESSION_LABEL: secrets.token_hex(8), OWNER_LABEL: owner()},
            host_config=client.create_host_config(**_host_options(containment)),
        )["Id"]
        connection = client.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        client.start(container)
        _remove_leftovers_once(client)
    except docker.errors.ImageNotFound as error:
        raise SandboxError(
            f"the sandbox image {image_name()} is missing", "Run `grader sandbox build` to make it."
        ) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise SandboxLostError(
            f"Docker could not start a sandbox ({_reason(error)})", "Run `grader doctor` to find out why."
        ) from error
    return ContainerStream(client, container, connection, uid)


_are_leftovers_removed = False


def _remove_leftovers_once(client: docker.APIClient) -> None:
    """Clear away what a killed grader has left, while the agent comes up; once in a process is enough."""
    global _are_leftovers_removed
    if not _are_leftovers_removed:
        _are_leftovers_removed = True
        remove_leftovers(client)


def _host_options(containment: Containment) -> dict[str, Any]:
    memory = containment.memory_bytes + AGENT_MEMORY_BYTES
    limits = f"size={FOLDER_BYTES},nr_inodes={FOLDER_INODES},nosuid,nodev"
    return {
        "read_only": True,
        "auto_remove": True,
        "network_mode": "none",
        "ipc_mode": "private",
        "cap_drop": ["ALL"],
        "cap_add": list(CAPABILITIES),
        "security_opt": ["no-new-privileges", f"seccomp={_seccomp_profile()}"],
        "tmpfs": {
            "/work": f"{limits},exec,mode=0777",
            "/tmp": f"{limits},exec,mode=0777",
            "/stage": f"{limits},noexec,mode=0700",
        },
        "shm_size": FOLDER_BYTES,
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": containment.processes + AGENT_PROCESSES,
        "ulimits": [docker.types.Ulimit(name="core", soft=0, hard=0)],
        "log_config": docker.types.LogConfig(type="none"),
        "runtime": containment.runtime,
    }


@cache
def _seccomp_profile() -> str:
    profile = json.loads((Path(__file__).parent / "image" / "seccomp.json").read_text(encoding="utf-8"))
    return json.dumps(profile, separators=(",", ":"))


def _reason(error: Exception) -> str:
    explanation = getattr(error, "explanation", None) or str(error)
    return str(explanation).splitlines()[0][:200] if str(explanation) else type(error).__name__
