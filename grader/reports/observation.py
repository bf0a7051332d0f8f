"""The report of `grader observe`: as JSON (`grader.observation/1`) and for the terminal."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.findings import Finding, FindingKind
from grader.observation import DescriptorError, Observation, ObservedProcess, ObservedRun, Step, StepKind
from grader.reports.evidence import facts
from grader.reports.json_report import JsonObject, finding_object
from grader.reports.text import json_without_ci_commands, visible, without_ci_commands, without_surrogates

SCHEMA = "grader.observation/1"

OUTPUT_LINES = 12
"""How many lines of a stream the terminal shows; the JSON has all."""

EVIDENCE_LINES = 12
"""How many lines of one piece of evidence it shows, likewise."""


def render_json(observation: Observation) -> str:
    """One object, as documented for `grader observe --json`."""
    run = observation.run
    content: JsonObject = {
        "schema": SCHEMA,
        "build": {"ok": observation.build.ok, "log": without_surrogates(observation.build.log)},
        "exit": _exit(run),
        "stdout": _text(run.stdout) if run else "",
        "stderr": _text(run.stderr) if run else "",
        "duration_s": round(run.duration_seconds, 4) if run else 0.0,
        "processes": [_process(process) for process in run.processes] if run else [],
        "timeline": [_step(step) for step in run.timeline] if run else [],
        "descriptor_errors": [_descriptor_error(error) for error in run.descriptor_errors] if run else [],
        "findings": [finding_object(finding) for finding in observation.findings],
    }
    return json_without_ci_commands(json.dumps(content, indent=2)) + "\n"


def _exit(run: ObservedRun | None) -> JsonObject | None:
    if run is None:
        return None
    if run.exit_code is not None:
        return {"code": run.exit_code}
    return {"signal": run.signal} if run.signal is not None else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _process(process: ObservedProcess) -> JsonObject:
    ending: JsonObject | None = None
    if process.signal is not None:
        ending = {"signal": process.signal}
    elif process.exit_code is not None:
        ending = {"code": process.exit_code}
    return {
        "pid": process.pid,
        "ppid": process.ppid,
        "argv": [without_surrogates(argument) for argument in process.argv],
        "exit": ending,
        "fds_at_exit": None
        if process.fds_at_exit is None
        else [without_surrogates(row) for row in process.fds_at_exit],
        "zombie_s": None if process.zombie_seconds is None else round(process.zombie_seconds, 4),
    }


def _step(step: Step) -> JsonObject:
    return {
        "time_s": round(step.time, 6),
        "pid": step.pid,
        "what": step.kind,
        "detail": without_surrogates(step.detail),
    }


def _descriptor_error(error: DescriptorError) -> JsonObject:
    return {
        "call": error.call,
        "fds": list(error.fds),
        "is_open": error.is_open,
        "count": error.count,
        "source": {"file": error.source.file, "line": error.source.line} if error.source else None,
    }


def render_terminal(observation: Observation, *, color: bool, width: int) -> str:
    """What happened, what was found, and why that matters, for a student."""
    lines = _Lines(color=color, width=min(max(width, 48), 100))
    run = observation.run
    if observation.build.log:
        lines.add(visible(observation.build.log.strip()))
        lines.add("")
    if run is None:
        lines.add(lines.bad(f"{visible(observation.target)} does not compile."))
        return lines.text()
    lines.add(f"$ {visible(run.command)}")
    for name, data in (("", run.stdout), ("stderr: ", run.stderr)):
        for line in _excerpt(_text(data)):
            lines.add(f"│ {name}{visible(line)}")
    # A tool has processes of its own, and hides some of the program's.
    processes = "" if observation.tool else f", {_count(len(run.processes), 'process')}"
    lines.add(f"{run.ending} after {run.duration_seconds:.3f} s{processes}")
    lines.add("")
    if len(run.processes) > 1 and not observation.tool:
        _add_processes(lines, run)
    findings = observation.findings
    for finding in findings:
        _add_finding(lines, finding)
    _add_descriptor_errors(lines, run.descriptor_errors)
    if findings:
        lines.add(lines.bad(f"{_count(len(findings), 'finding')}."))
    else:
        looked_for = "no leaked descriptor, no zombie or orphan, no crash, no deadlock"
        if observation.tool:
            looked_for = f"{observation.tool} has nothing to report"
        lines.add(lines.good(f"Nothing was found: {looked_for}."))
    return lines.text()


PROCESSES_SHOWN = 20
ZOMBIE_SECONDS_SHOWN = 0.05
"""From when on the terminal mentions that a process waited for its parent: a moment it always does."""


def _add_processes(lines: "_Lines", run: ObservedRun) -> None:
    """The process tree, each with how long it ran and how it ended."""
    shown = _in_tree_order(run.processes)
    for depth, process in shown[:PROCESSES_SHOWN]:
        steps = [step for step in run.timeline if step.pid == process.pid and step.kind != StepKind.WAIT]
        ending = "was still there" if process.signal is None else f"ended by {process.signal}"
        if process.exit_code is not None:
            ending = f"exited with {process.exit_code}"
        ran = f" · {steps[0].time:.3f} to {steps[-1].time:.3f} s" if steps else ""
        if steps and ending == "was still there":  # its last step is not its end
            ran = f" · from {steps[0].time:.3f} s"
        zombie = process.zombie_seconds or 0.0
        waited = f" · a zombie for {zombie:.3f} s" if zombie >= ZOMBIE_SECONDS_SHOWN else ""
        command = visible(" ".join(process.argv))
        lines.add(f"{'  ' * depth}{process.pid} {command[:60]}{ran} · {ending}{waited}")
    if len(shown) > PROCESSES_SHOWN:
        lines.add(f"… {len(shown) - PROCESSES_SHOWN} more processes")
    lines.add("")


def _in_tree_order(processes: Sequence[ObservedProcess]) -> list[tuple[int, ObservedProcess]]:
    """Parents before their children, each with its depth in the tree."""
    known = {process.pid for process in processes}
    children: dict[int | None, list[ObservedProcess]] = {}
    for process in processes:
        children.setdefault(process.ppid if process.ppid in known else None, []).append(process)
    ordered: list[tuple[int, ObservedProcess]] = []
    ahead = [(0, process) for process in reversed(children.get(None, []))]
    while ahead:
        depth, process = ahead.pop()
        ordered.append((depth, process))
        ahead += [(depth + 1, child) for child in reversed(children.pop(process.pid, []))]
    return ordered


def _add_descriptor_errors(lines: "_Lines", errors: Sequence[DescriptorError]) -> None:
    """No findings: a loop that closes everything means no harm. But whoever did not expect them wants to know."""
    if not errors:
        return
    lines.add("worth a look: calls with a descriptor that cannot be used so")
    for error in errors[:OUTPUT_LINES]:
        lines.wrap(visible(str(error)), "  ")
    if len(errors) > OUTPUT_LINES:
        lines.add(f"  … {len(errors) - OUTPUT_LINES} more")
    lines.add("")


_OPENED = frozenset({FindingKind.FD_LEAK_EXEC, FindingKind.FD_LEAK_EXIT, FindingKind.FD_LEAK_GROWTH})


def _add_finding(lines: "_Lines", finding: Finding) -> None:
    lines.add(lines.bad(f"✘ {finding.kind}"))
    lines.wrap(visible(finding.message), "  ")
    if finding.source is not None:
        what = "opened at" if finding.kind in _OPENED else "at"
        lines.add(f"  {what} {visible(finding.source.file)}:{finding.source.line}")
    for fact in facts(finding.evidence):
        if len(fact.lines) > EVIDENCE_LINES:
            more = f"… {len(fact.lines) - EVIDENCE_LINES} more"
            fact = replace(fact, lines=(*fact.lines[:EVIDENCE_LINES], more))
        lines.wrap(visible(str(fact)), "    ")
    lines.wrap(f"why it matters: {LESSONS[finding.kind]}", "  ")
    lines.add("")


LESSONS = {
    "fd-leak-exit": "a process that goes on opening without closing runs into its limit; here the kernel closed it"
    " at the end, in a server nobody would. See close(2).",
    "fd-leak-exec": "the new program neither knows nor needs it, yet keeps it open: a pipe whose write end lives on"
    " there never reaches end of file. See execve(2) and open(2), O_CLOEXEC.",
    "fd-leak-growth": "sooner or later open fails with EMFILE. See getrlimit(2), RLIMIT_NOFILE.",
    "zombie": "a child that nobody waits for keeps its place in the process table until its parent ends."
    " See waitpid(2).",
    "orphan": "whoever started the program believes that it is done. See waitpid(2), or daemon(7) if it is meant.",
    "deadlock": "no amount of time helps: look for the end of the pipe, or the lock, that the one holds and the other"
    " waits for. See pipe(7). A server by itself waits like this, too: here it has no clients.",
    "timeout": "it may be slow, spin, or wait for something that never comes.",
    "crash": "the kernel stopped it in the middle of whatever it did. See signal(7), and try gcc -fsanitize=address.",
    "signal": "see signal(7).",
    "output-limit": "a loop that prints has no end.",
    "memory-limit": "something grows without end, or far more than needed is taken. See malloc(3), free(3).",
    "process-limit": "a loop that forks has no end, or children are not waited for before more are started.",
    "memory-error": "what happens then is undefined: it may work here and fail elsewhere.",
    "race": "two threads use the same memory without order: the result depends on chance. See pthreads(7).",
}


def _excerpt(text: str) -> Iterator[str]:
    lines = text.splitlines()
    yield from lines[:OUTPUT_LINES]
    if len(lines) > OUTPUT_LINES:
        yield f"… {len(lines) - OUTPUT_LINES} more lines"


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


class _Lines:
    """Collects the lines of a terminal report."""

    def __init__(self, *, color: bool, width: int) -> None:
        self._color = color
        self._width = width
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        self._lines.append(line)

    def wrap(self, text: str, indent: str) -> None:
        for line in text.splitlines():
            self._lines += textwrap.wrap(
                line, self._width, initial_indent=indent, subsequent_indent=indent, break_long_words=False
            ) or [""]

    def good(self, text: str) -> str:
        return f"\x1b[32m{text}\x1b[0m" if self._color else text

    def bad(self, text: str) -> str:
        return f"\x1b[31m{text}\x1b[0m" if self._color else text

    def text(self) -> str:
        return without_ci_commands("\n".join(self._lines)) + "\n"
