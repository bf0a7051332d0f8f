"""What a batch shows while it runs: one living line on a terminal, plain lines elsewhere."""

from typing import Self, TextIO

from grader.batch import Tally
from grader.gradebook import Row
from grader.progress import Progress
from grader.reports.text import one_line, visible, without_ci_commands


class BatchProgress(Progress):
    """Use it with `with`, as `Progress`."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream, enabled=True)
        self._log = None if stream.isatty() else stream

    def __enter__(self) -> Self:
        return self

    def show(self, tally: Tally, row: Row | None) -> None:
        """Show how far it is; `row` is what has just been done, None if something has begun."""
        self.step(
            f"{tally.done} of {tally.total} done · {tally.running} running · {tally.left} left"
            f" · {tally.per_second:.1f}/s{_to_go(tally)}"
        )
        if row is not None and self._log is not None:
            name = without_ci_commands(one_line(visible(row.name)))
            self._log.write(f"[{tally.done}/{tally.total}] {name}: {_outcome(row)}\n")
            self._log.flush()


def _to_go(tally: Tally) -> str:
    seconds = tally.seconds_to_go
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f" · {minutes}:{rest:02} to go"


def _outcome(row: Row) -> str:
    if row.score is None:
        return f"no verdict: {one_line(visible(row.reason))}"
    status = "" if row.status == "graded" else f" ({row.status})"
    return f"{row.score:g}/{row.max_score:g}{status}"
