"""The image every sandbox starts from: what is in it, what it is called, how it is built and cleared away.

The name carries a digest of everything that goes in, the agent's source among it. So the host can never talk
to an agent of another version, and "is it built?" is one question to the engine.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError
from sandbox.owner import OWNER_LABEL, is_gone

if TYPE_CHECKING:  # importing docker takes longer than everything else a command does before it has printed a line
    from docker import APIClient

BASE_IMAGE = "grader-base:bookworm"
REPOSITORY = "grader-sandbox"
SESSION_LABEL = "grader.session"
IMAGE_LABELS = {"grader.image": "1"}

_PACKAGE = Path(__file__).parent
_SHARED_MODULES = ("__init__.py", "wire.py", "syscall_numbers.py")
_LOG_LINES_SHOWN = 15
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_IN_USE_SECONDS = 3600


def image_digest(package: Path = _PACKAGE) -> str:
    """Names the content of the image: twelve hex digits that change when any file in it does."""
    return _digest(image_files(package))


def image_name(package: Path = _PACKAGE) -> str:
    """The image that belongs to exactly this version of the sandbox."""
    return f"{REPOSITORY}:{image_digest(package)}"


def image_files(package: Path = _PACKAGE) -> dict[str, bytes]:
    """Every file the image is made of: its name in the build context, sorted, and its content."""
    paths = {"Dockerfile": package / "image" / "Dockerfile"}
    paths |= {f"helpers/{path.name}": path for path in (package / "image").glob("*.c")}
    for pattern in ("*.py", "*.c", "*.h"):
        paths |= {f"sandbox/agent/{path.name}": path for path in (package / "agent").glob(pattern)}
    paths |= {f"sandbox/{name}": package / name for name in _SHARED_MODULES if (package / name).exists()}
    return {name: paths[name].read_bytes() for name in sorted(paths)}


def build_context(files: dict[str, bytes]) -> bytes:
    """The tar archive the engine builds from; nobody in the image may write to what it holds."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o444
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def build_image(client: APIClient, say: Callable[[str], None]) -> str:
    """Builds the image unless it is there already, tells `say` about each step, returns the image's name."""
    files = image_files()  # read once: what is built is what is named, even while someone edits the agent
    name = f"{REPOSITORY}:{_digest(files)}"
    if _exists(client, name):
        return name
    if not _exists(client, BASE_IMAGE):
        raise SandboxError(
            f"the base image {BASE_IMAGE} is missing",
            "Run `make setup` in the grader's repository; it makes the base image.",
        )
    say(f"building {name}")
    log: deque[str] = deque(maxlen=_LOG_LINES_SHOWN)
    for event in _build_events(client, name, build_context(files)):
        text = _COLOUR.sub("", str(event.get("error") or event.get("stream") or "")).strip()
        if text:
            log.extend(text.splitlines())
        if "error" in event:
            raise SandboxError(
                "the image could not be built; the end of its log:\n" + "\n".join(log),
                "If a download failed, run the same command again when the network is back.",
            )
        if text.startswith("Step "):
            say(" ".join(text.split())[:100])
    if not _exists(client, name):
        raise SandboxError("the engine built the image and then did not have it", "Run `grader doctor`.")
    return name


def prune_images(client: APIClient) -> list[str]:
    """Removes what earlier versions and crashes left behind; returns what it removed, one phrase for each.

    The current image stays, and so does an older one that a container still needs.
    """
    from docker.errors import APIError

    removed = remove_leftovers(client)
    current = image_name()
    for image in client.images(name=REPOSITORY):
        for tag in image["RepoTags"] or ():
            if tag != current:
                with suppress(APIError):
                    client.remove_image(tag)
                    removed.append(f"image {tag}")
    return removed


def remove_leftovers(client: APIClient) -> list[str]:
    """Removes the sandboxes whose grader has ended without them; returns what it removed, one phrase for each.

    Of a grader on another machine, or in another container, it cannot be told whether it has ended. A sandbox lives
    for minutes, so such a one is left over only after an hour.
    """
    from docker.errors import APIError

    removed = []
    for container in client.containers(all=True, filters={"label": SESSION_LABEL}):
        left = is_gone((container["Labels"] or {}).get(OWNER_LABEL, ""))
        if left is None:
            up = container["State"] in ("created", "running", "paused")
            left = not up or time.time() - container["Created"] > _IN_USE_SECONDS
        if left:
            with suppress(APIError):  # most go by themselves, perhaps just now
                client.remove_container(container["Id"], force=True)
                removed.append(f"container {container['Id'][:12]}")
    return removed


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _exists(client: APIClient, name: str) -> bool:
    return bool(client.images(name=name))


def _build_events(client: APIClient, name: str, context: bytes) -> Iterator[dict[str, Any]]:
    """What the engine reports while it builds, on the host's network: packages must come from somewhere."""
    from docker.errors import APIError

    try:
        yield from client.build(
            fileobj=io.BytesIO(context),
            custom_context=True,
            tag=name,
            network_mode="host",
            labels=IMAGE_LABELS,
            rm=True,
            forcerm=True,
            decode=True,
        )
    except APIError as error:
        raise SandboxError(
            f"the engine refused to build the image: {error.explanation}", "Run `grader doctor`."
        ) from error
