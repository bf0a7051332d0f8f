"""Records the captures of this folder: `python tests/unit/captures/record.py [BEHAVIOUR...]`, from the repository.

Runs `subject.c` in the sandbox, once for each behaviour, and keeps what the agent said as `BEHAVIOUR.json`. Needs
Docker; the tests that read the captures do not.
"""

import json
import re
import sys
from pathlib import Path

from grader.build import build
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import RunLimits, RunRecord, Session
from sandbox.wire import Facts

HERE = Path(__file__).parent

BEHAVIOURS = re.findall(r"BEHAVIOUR\((\w+)\),", (HERE / "subject.c").read_text(encoding="ascii"))

FIRST_THAT_ENDS = BEHAVIOURS.index("leaks_a_file_into_exec")

WAITING = BEHAVIOURS[:FIRST_THAT_ENDS]
"""Kept until nothing moves: recorded is the pair of snapshots that is judged. All others run to their end: recorded
are the events."""

NEVER_QUIET = ("reads_from_a_child_that_computes",)
"""Looked at twice instead."""

LIMITS = RunLimits(wall_seconds=8, cpu_seconds=9, processes=32, output_bytes=64 << 10)
SHORT = RunLimits(wall_seconds=0.3, cpu_seconds=9, processes=32, output_bytes=64 << 10)
LITTLE_CPU = RunLimits(wall_seconds=8, cpu_seconds=1, processes=32, output_bytes=64 << 10)

LIMITS_OF = {"computes_for_ever": SHORT, "computes_in_six_threads_and_ignores_sigxcpu": LITTLE_CPU}
FAULTS_OF = {"forks_once": [{"call": "fork", "errno": 11, "on_call": 1}]}
SIGNALS_OF = {"waits_for_a_signal": 15}


def record_one(session: Session, behaviour: str) -> Facts:
    """One run, as the JSON that is kept."""
    session.reset()
    limits = LIMITS_OF.get(behaviour, LIMITS)
    run = session.spawn(["./subject", behaviour], limits, faults=FAULTS_OF.get(behaviour, ()))
    snapshots: tuple[Facts, ...] = ()
    if behaviour in NEVER_QUIET:
        session.wait(lambda: None, 0.2)
        snapshots = (session.look(), session.look())
    elif behaviour in WAITING:
        pair = session.wait(lambda: session.quiet, 20)
        assert pair is not None, f"{behaviour} is never quiet"
        snapshots = pair
    elif behaviour in SIGNALS_OF:
        session.wait(lambda: b"ready" in run.stdout or None, 20)
        session.signal(run.pid, SIGNALS_OF[behaviour])
    if snapshots:
        events_until = len(run.events)
        session.stop(run)
        del run.events[events_until:]
    else:
        session.wait(lambda: run.ended, 20)
    return as_json(session, behaviour, run, snapshots)


def as_json(session: Session, behaviour: str, run: RunRecord, snapshots: tuple[Facts, ...]) -> Facts:
    """What a test needs of it."""
    assert run.ended is not None
    return {
        "behaviour": behaviour,
        "machine": session.machine["machine"],
        "root": run.pid,
        "ended": {"reason": run.ended.reason, **run.ended.facts},
        "snapshots": list(snapshots),
        "events": [[event.kind, event.time, event.pid, event.facts] for event in run.events],
    }


def one_line_each(recorded: Facts) -> str:
    """JSON with a line for each event and snapshot, so that a difference can be read."""
    lines = []
    for key, value in recorded.items():
        if isinstance(value, list) and value:
            rows = ",\n".join(json.dumps(row) for row in value)
            lines.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(wanted: list[str]) -> None:
    """Record the behaviours named, or all."""
    spec = BuildSpec(program="subject", cflags=("-std=gnu17", "-O0", "-g", "-pthread"))
    source = SubmittedFile(name="subject.c", data=(HERE / "subject.c").read_bytes())
    with Session(launch(Containment(memory_bytes=64 << 20, processes=32))) as session:
        report = build(session, spec, [source])
        assert report.ok, report.log
        for behaviour in wanted or BEHAVIOURS:
            (HERE / f"{behaviour}.json").write_text(one_line_each(record_one(session, behaviour)))
            print(behaviour)


if __name__ == "__main__":
    main(sys.argv[1:])
