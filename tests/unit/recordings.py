"""The captures of `captures/`, as the host gets them: each is a real run of one behaviour of `subject.c`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.observe.history import History, read_history
from grader.observe.snapshot import Snapshot, parse_snapshot
from grader.rules import RunEnd
from sandbox.syscall_numbers import names_by_number
from sandbox.wire import Event, Facts

FOLDER = Path(__file__).parent / "captures"
NAMES = names_by_number("x86_64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One run: the agent's words, uninterpreted."""

    root: int
    ended: Facts
    snapshots: tuple[Facts, ...]
    events: tuple[Event, ...]
    names: dict[int, str]

    def history(self) -> History:
        return read_history(self.root, self.events)

    def snapshot(self, which: int = -1) -> Snapshot:
        return parse_snapshot(self.snapshots[which], self.names)

    def armed(self) -> dict[int, str]:
        return self.history().armed_at(self.snapshot().time)

    def process(self, pid: int | None = None) -> Facts:
        """What the last snapshot has of a process, by default the first one."""
        facts: Facts = self.snapshots[-1]["processes"][str(pid or self.root)]
        return facts

    def events_of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def end(self, **more: Any) -> RunEnd:
        facts = {
            "reason": self.ended["reason"],
            "oom_kills": self.ended["oom_kills"],
            "peak_tasks": self.ended["peak_tasks"],
            "time_limit": 0.3,
            "process_limit": 32,
            "output_limit": 64 << 10,
        }
        return RunEnd(**{**facts, **more})


def recorded(behaviour: str) -> Recording:
    """The recording of a behaviour, afresh: it may be changed."""
    facts = json.loads((FOLDER / f"{behaviour}.json").read_text(encoding="ascii"))
    return Recording(
        root=facts["root"],
        ended=facts["ended"],
        snapshots=tuple(facts["snapshots"]),
        events=tuple(Event(1, *row) for row in facts["events"]),
        names=names_by_number(facts["machine"]),
    )
