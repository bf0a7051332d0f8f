"""What the image is made of and what it is called, without an engine; a stand-in plays the one that builds."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox.errors import SandboxError
from sandbox.image import (
    BASE_IMAGE,
    SESSION_LABEL,
    build_context,
    build_image,
    image_digest,
    image_files,
    image_name,
    prune_images,
)
from sandbox.owner import OWNER_LABEL, owner

PACKAGE = Path(__file__).parents[2] / "sandbox"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    copy = tmp_path / "sandbox"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


class Engine:
    """Stands in for the engine's client: some images, some containers, and what a build will report."""

    def __init__(self, *images: str, events: tuple[dict[str, str], ...] = ()) -> None:
        self.present = list(images)
        self.in_use: set[str] = set()
        self.containers_present: list[dict[str, Any]] = []
        self.events = events
        self.built: list[str] = []

    def images(self, name: str) -> list[dict[str, Any]]:
        return [{"RepoTags": [tag]} for tag in self.present if name in (tag, tag.partition(":")[0])]

    def build(self, *, tag: str, fileobj: io.BytesIO, **_options: object) -> Iterator[dict[str, str]]:
        with tarfile.open(fileobj=fileobj) as archive:
            self.built = archive.getnames()
        yield from self.events
        self.present.append(tag)

    def containers(self, *, all: bool, filters: dict[str, str]) -> list[dict[str, Any]]:  # noqa: A002
        assert all
        assert filters == {"label": SESSION_LABEL}
        return self.containers_present

    def remove_container(self, container: str, *, force: bool) -> None:
        assert force
        self.containers_present = [c for c in self.containers_present if c["Id"] != container]

    def remove_image(self, name: str) -> None:
        from docker.errors import APIError

        if name in self.in_use:
            raise APIError("conflict")
        self.present.remove(name)


def build(engine: Engine, said: list[str]) -> str:
    return build_image(cast(Any, engine), said.append)


def prune(engine: Engine) -> list[str]:
    return prune_images(cast(Any, engine))


def test_name_carries_the_digest() -> None:
    assert re.fullmatch(r"grader-sandbox:[0-9a-f]{12}", image_name())
    assert image_name().endswith(image_digest())


def test_same_content_has_the_same_digest_wherever_it_lies(package: Path) -> None:
    assert image_digest(package) == image_digest()


@pytest.mark.parametrize("name", ["image/Dockerfile", "image/fdprobe.c", "wire.py", "__init__.py"])
def test_digest_changes_with_every_file(package: Path, name: str) -> None:
    (package / name).write_bytes((package / name).read_bytes() + b"\n")
    assert image_digest(package) != image_digest()


def test_digest_changes_with_a_new_or_renamed_agent_module(package: Path) -> None:
    module = package / "agent" / "one_more.py"
    module.touch()
    added = image_digest(package)
    module.rename(module.with_name("other.py"))
    assert len({image_digest(), added, image_digest(package)}) == 3


@pytest.mark.parametrize("name", ["errors.py", "image.py", "image/setup.sh", "image/seccomp.json", "agent/notes.txt"])
def test_digest_ignores_what_stays_outside(package: Path, name: str) -> None:
    (package / name).write_text("something else\n", encoding="utf-8")
    assert image_digest(package) == image_digest()


def test_context_holds_the_files_unwritable() -> None:
    files = image_files()
    with tarfile.open(fileobj=io.BytesIO(build_context(files))) as archive:
        assert archive.getnames() == list(files)
        for member in archive.getmembers():
            extracted = archive.extractfile(member)
            assert extracted is not None
            assert extracted.read() == files[member.name]
            assert (member.mode, member.uid) == (0o444, 0)


def test_agent_finds_every_sandbox_module_it_imports_in_the_image() -> None:
    files = image_files()
    for name, content in files.items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sandbox":
                as_module = node.module.replace(".", "/") + ".py"
                as_package = node.module.replace(".", "/") + "/__init__.py"
                assert {as_module, as_package} & set(files), f"{name} imports {node.module}"


def test_module_does_not_import_docker() -> None:
    script = "import sys, sandbox.image; sys.exit('docker' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=PACKAGE.parent, check=True)


def test_build_of_what_is_there_does_nothing() -> None:
    engine, said = Engine(image_name()), list[str]()
    assert build(engine, said) == image_name()
    assert (said, engine.built) == ([], [])


def test_build_without_base_image_sends_to_setup() -> None:
    with pytest.raises(SandboxError, match=BASE_IMAGE) as raised:
        build(Engine(), [])
    assert "make setup" in raised.value.advice


def test_build_reports_its_steps() -> None:
    engine = Engine(BASE_IMAGE, events=({"stream": "Step 1/2 : FROM it\n"}, {"stream": " ---> 0123\n"}))
    said: list[str] = []
    assert build(engine, said) == image_name()
    assert said == [f"building {image_name()}", "Step 1/2 : FROM it"]
    assert engine.built == list(image_files())


def test_failed_build_shows_the_end_of_its_log() -> None:
    noise = tuple({"stream": f"line {number}\n"} for number in range(100))
    engine = Engine(BASE_IMAGE, events=(*noise, {"error": "apt-get returned 100"}))
    with pytest.raises(SandboxError) as raised:
        build(engine, [])
    assert str(raised.value).endswith("line 99\napt-get returned 100")
    assert "line 50" not in str(raised.value)


def test_prune_keeps_the_current_image_and_what_is_in_use() -> None:
    engine = Engine(image_name(), "grader-sandbox:old", "grader-sandbox:busy", BASE_IMAGE)
    engine.in_use = {"grader-sandbox:busy"}
    assert prune(engine) == ["image grader-sandbox:old"]
    assert engine.present == [image_name(), "grader-sandbox:busy", BASE_IMAGE]


def test_prune_spares_sandboxes_that_may_be_at_work() -> None:
    engine, now = Engine(), time.time()
    engine.containers_present = [
        {"Id": "a" * 64, "State": "running", "Created": now - 60, "Labels": None},
        {"Id": "b" * 64, "State": "running", "Created": now - 7200, "Labels": None},
        {"Id": "c" * 64, "State": "exited", "Created": now - 60, "Labels": None},
        {"Id": "d" * 64, "State": "running", "Created": now - 7200, "Labels": {OWNER_LABEL: owner()}},
        {"Id": "e" * 64, "State": "created", "Created": now - 1, "Labels": {OWNER_LABEL: owner()[:-1]}},
    ]
    assert prune(engine) == ["container bbbbbbbbbbbb", "container cccccccccccc", "container eeeeeeeeeeee"]
    assert [container["Id"][0] for container in engine.containers_present] == ["a", "d"]
