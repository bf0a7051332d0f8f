"""Launcher: starts the agent in a container through the Docker SDK and hands back a byte stream.

The only module that knows Docker's options. What they contain, and what they do not, is told in
`docs/threat-model.md`.
"""

import json
import secrets
from contextlib import ExitStack, suppress
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import docker
import docker.errors
import docker.utils
import requests.exceptions
from docker.constants import DEFAULT_DOCKER_API_VERSION

from sandbox.container import ContainerStream, Containment, named_runtime
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

ENGINE_SECONDS = 60
"""How long the engine may take for an answer. It takes a tenth of a second; this only bounds one that is frozen."""

FIRST_UID = 20_000
UIDS = 40_000
"""What the students' uids are drawn from."""

FOLDER_BYTES = 64 << 20
FOLDER_INODES = 20_000

_AGENT = "import sys, gc; gc.disable(); sys.path.insert(0, '/opt/grader'); from sandbox.agent.main import main; main()"


def connect() -> docker.APIClient:
    """A client of the Docker Engine that the environment names.

    Raises SandboxError if none answers.
    """
    try:
        settings: dict[str, Any] = {"timeout": ENGINE_SECONDS, **docker.utils.kwargs_from_env()}
        client = docker.APIClient(version=DEFAULT_DOCKER_API_VERSION, **settings)
        # The SDK's own way to find out, version="auto", makes the engine ask several programs for their versions.
        ping = client.get(f"{client.base_url}/_ping", timeout=ENGINE_SECONDS)
        spoken = ping.headers.get("Api-Version", "auto")
        if spoken == "auto" or docker.utils.version_lt(spoken, client.api_version):
            client.close()
            client = docker.APIClient(version=spoken, **settings)
        return client
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise SandboxError(
            f"no Docker Engine answers ({_reason(error)})",
            "Start Docker, or run `make setup` in the grader's folder, which installs and starts it on Debian.",
        ) from error


def launch(containment: Containment) -> ContainerStream:
    """Start a fresh container with the agent in it; it is up when the agent's first message comes.

    Raises SandboxError if Docker does not answer or the image is missing.
    """
    return launch_with(connect(), containment, image=image_name(), owned_by=owner(), runtime=named_runtime())


def launch_with(
    client: docker.APIClient, containment: Containment, *, image: str, owned_by: str, runtime: str | None
) -> ContainerStream:
    """The same by a client, which is closed with the stream: from `image`, and labelled as of the process that it ends
    with.
    """
    with ExitStack() as unless_started:
        unless_started.callback(client.close)
        try:
            uid, container = _create(client, containment, image=image, owned_by=owned_by, runtime=runtime)
            unless_started.callback(_remove, client, container)
            connection = client.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            stream = getattr(connection, "_sock", connection)  # which closing the connection leaves open
            unless_started.callback(stream.close)
            unless_started.callback(connection.close)
            client.start(container)
        except docker.errors.ImageNotFound as error:
            raise SandboxError(
                f"the sandbox image {image} is missing", "Run `grader sandbox build` to make it."
            ) from error
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise SandboxLostError(
                f"Docker could not start a sandbox ({_reason(error)})", "Run `grader doctor` to find out why."
            ) from error
        unless_started.pop_all()
    return ContainerStream(container, uid, stream, keep=(connection, client))


def _create(
    client: docker.APIClient, containment: Containment, *, image: str, owned_by: str, runtime: str | None
) -> tuple[int, str]:
    """Create a container for a student's uid that no other sandbox of this engine has; return the uid and its id.

    The kernel counts a uid's processes on the whole machine (RLIMIT_NPROC, see getrlimit(2)): two sandboxes with the
    same would take them from each other. Docker gives a name only once, for as long as the container is there.
    """
    while True:
        uid = FIRST_UID + secrets.randbelow(UIDS)
        try:
            created = client.create_container(
                image,
                command=["/usr/bin/python3", "-I", "-S", "-c", _AGENT, str(uid)],
                name=f"grader-{uid}",
                stdin_open=True,
                working_dir="/",
                hostname="sandbox",
                # With the mode "none" alone the engine configures the empty network, which takes longer than all else.
                network_disabled=True,
                labels={SESSION_LABEL: secrets.token_hex(8), OWNER_LABEL: owned_by},
                host_config=client.create_host_config(**_host_options(containment, runtime)),
            )
        except docker.errors.APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
        else:
            return uid, created["Id"]


def remove(container: str) -> None:
    """Remove a container, whatever it does, and wait until it is gone; one that is gone already is fine.

    Raises SandboxError if no Docker Engine answers.
    """
    client = connect()
    _remove(client, container)
    client.close()


def _remove(client: docker.APIClient, container: str) -> None:
    with suppress(docker.errors.APIError, requests.exceptions.RequestException):
        try:
            client.remove_container(container, force=True)
        except docker.errors.APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            client.wait(container, condition="removed")  # Docker has begun by itself


def clear_leftovers() -> None:
    """Remove what graders that were killed have left; what cannot be removed now is left to the next."""
    with suppress(SandboxError, docker.errors.DockerException, requests.exceptions.RequestException):
        client = connect()
        remove_leftovers(client)
        client.close()


def _host_options(containment: Containment, runtime: str | None) -> dict[str, Any]:
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
        "runtime": runtime,
    }


@cache
def _seccomp_profile() -> str:
    profile = json.loads((Path(__file__).parent / "image" / "seccomp.json").read_text(encoding="utf-8"))
    return json.dumps(profile, separators=(",", ":"))


def _reason(error: Exception) -> str:
    explanation = getattr(error, "explanation", None) or str(error)
    return str(explanation).splitlines()[0][:200] if str(explanation) else type(error).__name__
