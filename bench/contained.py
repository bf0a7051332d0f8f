"""The two yardsticks, each one `docker run` by command line: the floor, and a grader as one would write it by hand."""

import io
import json
import struct
import subprocess
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.recording import Recording
from grader.spec import Assignment
from sandbox.docker import connect
from sandbox.image import image_digest, image_name

_HERE = Path(__file__).parent
_PEER_REPOSITORY = "grader-bench-peer"
_PEER_DOCKERFILE = """
FROM {base}
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pytest && rm -rf /var/lib/apt/lists/*
"""


class YardstickError(Exception):
    """A yardstick cannot be had on this machine, or did something else than the grader."""


def floor_runner() -> bytes:
    """`floor_runner.c`, compiled in the sandbox image."""
    source = (_HERE / "floor_runner.c").read_bytes()
    script = "cd /tmp && gcc -std=gnu17 -O2 -static -s -x c -o runner - && cat runner"
    return docker_run(image_name(), script, source)


def peer_image() -> str:
    """The sandbox image with pytest in it, built if it is missing."""
    client = connect()
    name = f"{_PEER_REPOSITORY}:{image_digest()}"
    if client.images(name=name):
        return name
    dockerfile = io.BytesIO(_PEER_DOCKERFILE.format(base=image_name()).encode())
    for event in client.build(fileobj=dockerfile, tag=name, network_mode="host", rm=True, forcerm=True, decode=True):
        if "error" in event:
            raise YardstickError(f"the image {_PEER_REPOSITORY} could not be built: {event['error']}")
    return name


class Floor:
    """Compiles the program and runs the recorded commands, from a runner in C; checks nothing."""

    def __init__(self, assignment: Assignment, recording: Recording, runner: bytes) -> None:
        self._recording = recording
        self._runner = runner
        self._script = f"cd /work && tar -x && {_compile(assignment)} && exec ./floor_runner commands"

    def seconds(self, source: Mapping[str, bytes]) -> float:
        """How long one takes; raises YardstickError if an undisturbed command ends otherwise than in the grading."""
        packed = b"".join(
            struct.pack("=II", len(command.argv), len(command.stdin))
            + b"".join(word.encode() + b"\0" for word in command.argv)
            + command.stdin
            for command in self._recording.commands
        )
        files = {**source, **self._recording.files, "commands": packed}
        archive = _tar(files, {"floor_runner": self._runner})
        started = time.monotonic()
        said = docker_run(image_name(), self._script, archive)
        took = time.monotonic() - started
        statuses = [int(line) for line in said.split()]
        for command, status in zip(self._recording.commands, statuses, strict=True):
            if not command.disturbed and status != command.exit_code:
                raise YardstickError(
                    f"{command.argv} ends with {status} here, and with {command.exit_code} when graded"
                )
        return took


class Peer:
    """pytest in the container, running the recorded commands by subprocess and comparing what comes out."""

    def __init__(self, assignment: Assignment, recording: Recording, image: str) -> None:
        self._image = image
        pytest = "python3 -m pytest -q -p no:cacheprovider --junitxml=report.xml peer_checks.py"
        self._script = f"cd /work && tar -x && {_compile(assignment)} && {pytest} >/dev/null; cat report.xml"
        checks: dict[str, list[dict[str, object]]] = {check.id: [] for check in assignment.checks}
        for command in recording.commands:
            checks[command.check].append(
                {
                    "argv": command.argv,
                    "stdin": command.stdin.decode("latin-1"),
                    "exit_code": command.exit_code,
                    "stdout": bytes(command.record.stdout).decode("latin-1"),
                    "disturbed": command.disturbed,
                }
            )
        given = {"time_seconds": assignment.limits.time_seconds, "checks": checks}
        self._files = {
            **recording.files,
            "peer_checks.py": (_HERE / "peer_checks.py").read_bytes(),
            "commands.json": json.dumps(given).encode(),
        }

    def seconds(self, source: Mapping[str, bytes], *, passes: bool = True) -> float:
        """How long one takes; raises YardstickError if the verdict is another than `passes`."""
        archive = _tar({**source, **self._files}, {})
        started = time.monotonic()
        report = docker_run(self._image, self._script, archive)
        took = time.monotonic() - started
        if (b"<failure" not in report) != passes or b"<testcase" not in report:
            raise YardstickError(f"the peer's verdict is not as expected:\n{report.decode(errors='replace')[:2000]}")
        return took


def docker_run(image: str, script: str, stdin: bytes) -> bytes:
    """Run a shell script in a fresh container without a network and return what it prints."""
    command = ["docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", script]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)
    except FileNotFoundError as error:
        raise YardstickError("there is no docker command on this machine") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise YardstickError(f"docker run ended with {done.returncode}: {said[-500:]}")
    return done.stdout


def _compile(assignment: Assignment) -> str:
    build = assignment.build
    return " ".join(["gcc", *build.cflags, "-o", build.program, "./*.c", *build.ldflags])


def _tar(files: Mapping[str, bytes], programs: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for mode, members in ((0o644, files), (0o755, programs)):
            for name, data in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                member.mode = mode
                archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
