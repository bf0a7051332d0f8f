"""A finding and its evidence as plain text, the same words in every report. Nothing is made harmless here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from grader.findings import Finding
from grader.result import CheckResult, plain_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One piece of evidence: `lines` are to be shown as they stand, for a graph may be among them."""

    label: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        if len(self.lines) == 1:
            return f"{self.label}: {self.lines[0]}"
        return "\n".join([f"{self.label}:", *(f"  {line}" for line in self.lines)])


def facts(evidence: Mapping[str, object]) -> Iterator[Fact]:
    """Every piece of evidence that says something, in the order given."""
    for key, value in evidence.items():
        if lines := tuple(_lines(value)):
            yield Fact(label=key.replace("_", " "), lines=lines)


def headline(finding: Finding) -> str:
    """What the finding is about: `fd-leak-exec · cat (pid 9) · fd 4 · pipe:[21809] · pipeline.c:41`."""
    parts: list[str] = [finding.kind.value]
    if finding.process is not None:
        parts.append(finding.process if finding.pid is None else f"{finding.process} (pid {finding.pid})")
    elif finding.pid is not None:
        parts.append(f"pid {finding.pid}")
    if finding.fd is not None:
        parts.append(f"fd {finding.fd}")
    if finding.resource is not None:
        parts.append(finding.resource)
    if finding.source is not None:
        parts.append(f"{finding.source.file}:{finding.source.line}")
    return " · ".join(parts)


def adds_to(check: CheckResult, finding: Finding) -> bool:
    """Whether the finding's message says something that the check's own message does not."""
    return finding.message not in check.message


def fraction(points: Fraction, max_points: Fraction) -> str:
    """`15/20`."""
    return f"{plain_number(points)}/{plain_number(max_points)}"


def duration(seconds: float) -> str:
    """`12 ms`, `1.3 s`; "" for what took no time because it did not happen."""
    if seconds <= 0:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def _lines(value: object) -> Iterator[str]:
    match value:
        case None:
            return
        case str():
            yield from value.strip("\n").split("\n") if value else ()
        case Mapping():
            for key, inner in value.items():
                fact = Fact(label=str(key).replace("_", " "), lines=tuple(_lines(inner)) or ("none",))
                yield from str(fact).split("\n")
        case list() | tuple():
            for inner in value:
                yield from _lines(inner)
        case bool():
            yield "yes" if value else "no"
        case _:
            yield str(value)
