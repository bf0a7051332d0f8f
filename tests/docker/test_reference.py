"""Calibration against the reference standards: every finding that a label names is made, and no other.

With GRADER_REPEAT=50 in the environment each program runs fifty times, and every run must come to the same verdict.
Make the machine busy meanwhile: chance needs an opportunity.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest
import yaml
from _pytest.mark.structures import ParameterSet

from grader.build import BUILD_LIMITS, COMPILER
from grader.checks import Program, Run
from grader.checks.run import CheckContext
from grader.findings import Finding, FindingKind
from grader.observe_command import CFLAGS, LIMITS
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import Session

REFERENCE = Path(__file__).parents[2] / "reference"

REPEAT = int(os.environ.get("GRADER_REPEAT", "1"))

BUILD_SECONDS = BUILD_LIMITS.wall_seconds + 30.0
"""Longer than the limit of a build: the limit is what ends one that hangs."""

PROGRAM_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A program and what is true of it. `exit` is a code, a signal's name, or None if the grader ends the program.

    `gap` says why it is judged otherwise for now; "" if it is judged rightly.
    """

    name: str
    args: Sequence[str] = ()
    stdin: str = ""
    cflags: Sequence[str] = ()
    timeout: float = LIMITS.time_seconds
    exit: int | str | None = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    where: Sequence[Mapping[str, object]] = ()
    twin: str | None = None
    gap: str = ""

    @property
    def source(self) -> Path:
        return REFERENCE / f"{self.name}.c"

    @property
    def is_clean(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a program ended, and how many findings of each kind were made."""

    exit: int | str | None
    findings: Mapping[str, int]

    def __str__(self) -> str:
        findings = ", ".join(f"{count} {kind}" for kind, count in self.findings.items()) or "no findings"
        return f"exit {self.exit}, {findings}"


def load() -> dict[str, Standard]:
    """The labels, by program."""
    labels = yaml.safe_load((REFERENCE / "standards.yaml").read_text(encoding="utf-8"))
    return {name: Standard(name=name, **label) for name, label in labels.items()}


STANDARDS = load()


# -- the labels -----------------------------------------------------------------------------------


def test_every_program_has_a_label_and_every_label_a_program() -> None:
    programs = {path.relative_to(REFERENCE).with_suffix("").as_posix() for path in REFERENCE.rglob("*.c")}
    assert programs == set(STANDARDS)


def test_every_defect_has_a_twin_without_one() -> None:
    defects = {standard.name: standard.twin for standard in STANDARDS.values() if not standard.is_clean}
    without = [name for name, twin in defects.items() if twin not in STANDARDS or not STANDARDS[twin].is_clean]
    assert without == []


def test_labels_name_kinds_that_exist() -> None:
    kinds = {kind for standard in STANDARDS.values() for kind in standard.findings}
    assert kinds <= set(FindingKind)


def test_labels_tell_more_only_of_findings_that_they_count() -> None:
    for standard in STANDARDS.values():
        assert {told["kind"] for told in standard.where} <= set(standard.findings), standard.name


# -- the calibration ------------------------------------------------------------------------------


class Bench(Session):
    """A sandbox for many programs, none of which replaces itself: each is read where it lies, not kept."""

    fetch_kept = Session.fetch


@pytest.fixture(scope="module")
def bench(engine: docker.APIClient) -> Iterator[Session]:
    """The sandbox that all programs run in, one after the other, with the limits of `grader observe`."""
    assert engine is not None  # the image is there
    with Bench(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        yield session


def calibrated() -> list[ParameterSet]:
    """Every standard; those that are known to be judged otherwise must fail, and say so."""
    return [
        pytest.param(standard, id=name, marks=[pytest.mark.xfail(reason=standard.gap)] if standard.gap else [])
        for name, standard in STANDARDS.items()
    ]


@pytest.mark.parametrize("standard", calibrated())
def test_exactly_the_findings_of_the_label_are_made(bench: Session, standard: Standard) -> None:
    program = compile_program(bench, standard)
    runs = [run(bench, standard, program) for _ in range(REPEAT)]
    different = [one for one in runs if not is_as_labelled(standard, one)]
    if different:
        verdicts = Counter(str(verdict_of(one)) for one in different)
        pytest.fail(
            f"{standard.name}: {len(different)} of {REPEAT} runs are not as labelled\n"
            f"  expected: {Verdict(exit=standard.exit, findings=standard.findings)}\n"
            + "".join(f"  found:    {found} ({count} times)\n" for found, count in verdicts.items())
            + told_of(standard, different[0]),
            pytrace=False,
        )


def compile_program(session: Session, standard: Standard) -> bytes:
    """The program, compiled without a warning as `grader observe` compiles it."""
    session.reset()
    session.store(standard.source.name, standard.source.read_bytes())
    command = [COMPILER, *CFLAGS, *standard.cflags, "-o", "program", standard.source.name, "-lm", "-lrt"]
    record = session.spawn(command, BUILD_LIMITS, watched=False, with_input=False)
    ended = session.wait(lambda: record.ended, BUILD_SECONDS)
    assert ended is not None, "the compiler does not end"
    said = (record.stdout + record.stderr).decode()
    assert (ended.facts["wait_status"], said) == (0, ""), said
    return session.fetch("program", PROGRAM_BYTES)


def run(session: Session, standard: Standard, program: bytes) -> Run:
    """Run the program in a fresh work folder."""
    session.reset()
    session.store(standard.source.stem, program, 0o755)
    held = Program(session, standard.source.stem, LIMITS, CheckContext(handlers_may_run=True))
    return held.run(*standard.args, stdin=standard.stdin.encode(), timeout=standard.timeout)


def verdict_of(run: Run) -> Verdict:
    """How the run ended and how many findings of each kind it has."""
    how = run.signal if run.exit_code is None else run.exit_code
    return Verdict(exit=how, findings=dict(Counter(str(finding.kind) for finding in run.all_findings)))


def is_as_labelled(standard: Standard, run: Run) -> bool:
    """Whether the verdict is the label's, and what that tells of single findings is told."""
    expected = Verdict(exit=standard.exit, findings=dict(standard.findings))
    return verdict_of(run) == expected and not untold(standard, run)


def untold(standard: Standard, run: Run) -> list[Mapping[str, object]]:
    """What the label tells of single findings and no finding does."""
    return [told for told in standard.where if not any(is_told(finding, told) for finding in run.all_findings)]


def told_of(standard: Standard, run: Run) -> str:
    """What one run that is not as labelled has to say."""
    lines = [f"no finding is {dict(told)}" for told in untold(standard, run)]
    lines += [f"{finding.kind}: {finding.message}" for finding in run.all_findings]
    lines += [f"it wrote: {run.stderr.decode('utf-8', 'replace')[:500]}"] if run.stderr else []
    return "\n".join(f"  {line}" for line in lines)


def is_told(finding: Finding, told: Mapping[str, object]) -> bool:
    """Whether a finding is of that kind, and of what the label tells of it."""
    return all(getattr(finding, key) == value for key, value in told.items())
