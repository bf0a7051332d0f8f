"""From an assignment's limits to those of its sandboxes. Loads little: a sandbox is asked for before all else."""

from grader.spec import Limits
from sandbox.container import Containment


def containment_of(limits: Limits) -> Containment:
    """The outer limits of a sandbox for runs with such limits."""
    return Containment(memory_bytes=limits.memory_bytes, processes=limits.processes)
