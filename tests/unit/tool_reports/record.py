"""Records the reports of this folder: `python tests/unit/tool_reports/record.py`, from the repository.

Builds each program here for the tools named in `TOOLS_OF`, runs it in the sandbox as a check would, and keeps the file
of each process that reported something, as `PROGRAM.TOOL.NUMBER.txt`. Needs Docker; the tests that read them do not.
"""

from pathlib import Path

from grader.build import build
from grader.checks.run import CheckContext
from grader.checks.variants import Variants, read_files
from grader.instruments.tools import TOOLS
from grader.spec import BuildSpec, Limits
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import Session

HERE = Path(__file__).parent
LIMITS = Limits(time_seconds=20.0)

TOOLS_OF = {
    "overflows_the_heap": ("address", "valgrind"),
    "uses_after_free": ("address", "thread", "valgrind"),
    "frees_twice": ("address", "valgrind"),
    "frees_the_middle": ("address", "valgrind"),
    "overflows_a_local": ("address", "undefined"),
    "overflows_a_global": ("address",),
    "dereferences_null": ("address", "undefined", "valgrind"),
    "returns_a_local": ("address",),
    "copies_onto_itself": ("address",),
    "reads_past_a_string": ("address", "valgrind"),
    "overflows_in_children": ("address", "valgrind"),
    "leaks": ("leak", "valgrind"),
    "branches_on_chance": ("valgrind",),
    "has_undefined_behaviour": ("undefined",),
    "races_on_a_global": ("thread",),
    "races_on_the_heap": ("thread",),
    "unlocks_anothers_lock": ("thread",),
    "does_it_right": ("address", "leak", "undefined", "thread", "valgrind"),
}


def record(program: str, tools: tuple[str, ...]) -> None:
    """Replace what is recorded of one program."""
    from grader.checks.instrumented import InstrumentedProgram

    files = (SubmittedFile(name=f"{program}.c", data=(HERE / f"{program}.c").read_bytes()),)
    spec = BuildSpec(program="program", cflags=("-std=gnu17", "-O1", "-g", "-pthread"))
    for old in HERE.glob(f"{program}.*.txt"):
        old.unlink()
    with Session(launch(Containment(memory_bytes=LIMITS.memory_bytes, processes=LIMITS.processes))) as session:
        assert build(session, spec, files).ok
        variants = Variants(spec, files, LIMITS)
        for tool in tools:
            session.reset()
            process = InstrumentedProgram(session, variants, TOOLS[tool], CheckContext()).start()
            process.close_stdin()
            process.wait()
            reports = read_files(session, process.log)
            for number, (_pid, text) in enumerate(sorted(reports.items()), 1):
                (HERE / f"{program}.{tool}.{number}.txt").write_text(text, encoding="utf-8")
            print(f"{program}: {tool} wrote {len(reports)}")


if __name__ == "__main__":
    for name, names in TOOLS_OF.items():
        record(name, names)
