"""Records the compiler's files of this folder: `python tests/unit/signal_handlers/record.py`, from the repository.

Keeps the call graph (`.ci`) and the preprocessed text (`.i`, without what system headers say) of each source here.
Needs Docker; the tests that read them do not.
"""

from pathlib import Path

from grader.build import build
from grader.checks.static import SignalSafety
from grader.signal_safety.tokens import is_of_the_system
from grader.spec import BuildSpec
from grader.submission import SubmittedFile
from sandbox.container import Containment
from sandbox.docker import launch
from sandbox.session import Session

HERE = Path(__file__).parent


def without_system_headers(text: str) -> str:
    """The text with the marks of system headers, but none of their lines."""
    kept = []
    from_system = False
    for line in text.splitlines():
        if line.startswith("# "):
            from_system = is_of_the_system(line)
        elif from_system:
            continue
        kept.append(line)
    return "\n".join(kept) + "\n"


def main() -> None:
    """Replace all that is recorded."""
    files = tuple(
        SubmittedFile(name=path.name, data=path.read_bytes())
        for path in sorted(HERE.iterdir())
        if path.suffix in ".c.h"
    )
    spec = BuildSpec(program="program")
    with Session(launch(Containment(memory_bytes=128 << 20, processes=32))) as session:
        assert build(session, spec, files).ok
        session.reset()
        SignalSafety(session, spec, files).findings()
        sources = [file.name for file in files if file.name.endswith(".c")]
        for number, name in enumerate(sources):
            graph = session.fetch(f".grader-calls-{number}.ci", 1 << 20)
            (HERE / name).with_suffix(".ci").write_bytes(graph)
            text = session.fetch(f".grader-calls-{number}.i", 1 << 20).decode()
            (HERE / name).with_suffix(".i").write_text(without_system_headers(text), encoding="utf-8")


if __name__ == "__main__":
    main()
