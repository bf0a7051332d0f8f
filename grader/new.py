"""`grader new`: lays out a complete, small, valid assignment to start from."""

import re
from pathlib import Path

from grader.errors import UsageError

_TEMPLATE = Path(__file__).parent / "template"
_PLACEHOLDER = "NAME"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def new_assignment(folder: Path) -> list[Path]:
    """Write the template to `folder`, which names the assignment and must not exist; return the files made.

    Raises UsageError if it exists, cannot be made, or its name is no identifier.
    """
    name = folder.name
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"an assignment cannot be called {name!r}",
            advice="Name the folder with small letters, digits and underscores, such as my_pipeline.",
        )
    if folder.exists():
        raise UsageError(f"{folder} exists already", advice="Name a folder that does not exist.")
    made = []
    try:
        for source in sorted(path for path in _TEMPLATE.rglob("*") if path.suffix in (".c", ".py", ".md", ".yaml")):
            relative = str(source.relative_to(_TEMPLATE)).replace(_PLACEHOLDER, name)
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            content = source.read_text(encoding="utf-8").replace(_PLACEHOLDER, name)
            target.write_text(content, encoding="utf-8")
            made.append(target)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}") from error
    return made
