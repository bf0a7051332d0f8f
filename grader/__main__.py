"""The `grader` command."""

import gc
import sys

from grader.interrupts import Interrupts

_SWITCH_SECONDS = 0.0005
"""How long a thread that loads modules keeps the one waiting that talks to the sandbox, which the sandbox waits for."""


def script() -> None:
    """Run the command; what takes longest is begun before anything else is loaded."""
    gc.disable()  # one command makes little garbage, and the collector would look through every module loaded
    sys.setswitchinterval(_SWITCH_SECONDS)
    interrupts = Interrupts()
    interrupts.obey()

    from sandbox.launcher import LauncherAhead

    ahead = LauncherAhead() if sys.argv[1:2] in (["grade"], ["observe"]) else None

    from grader.cli import run_command

    run_command(interrupts, ahead)


if __name__ == "__main__":
    script()
