"""How often everything is repeated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Repetitions of each part."""

    gradings: int
    peer_deadlocks: int
    deadlocks: int
    deadlocks_of_a_kind: int
    checks: int
    check_sessions: int
    watched_runs: int
    traced_runs: int
    classes: int
    class_size: int
    memory_sizes: tuple[int, int]


DEFAULT = Effort(
    gradings=15,
    peer_deadlocks=2,
    deadlocks=30,
    deadlocks_of_a_kind=10,
    checks=40,
    check_sessions=3,
    watched_runs=9,
    traced_runs=3,
    classes=3,
    class_size=30,
    memory_sizes=(20, 500),
)
QUICK = Effort(
    gradings=3,
    peer_deadlocks=1,
    deadlocks=5,
    deadlocks_of_a_kind=2,
    checks=10,
    check_sessions=1,
    watched_runs=3,
    traced_runs=1,
    classes=1,
    class_size=10,
    memory_sizes=(5, 30),
)
