"""The pytest side. Check authors import what they need by name from here; nothing else is meant for them."""

from grader.checks.process import Process
from grader.checks.program import Program
from grader.checks.run import Fault, Run
from grader.checks.view import ProcessView, View

__all__ = ["Fault", "Process", "ProcessView", "Program", "Run", "View"]
