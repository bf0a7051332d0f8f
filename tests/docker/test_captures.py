"""What is captured of a process at its birth, its exec and its exit: the same by the agent's C and by its Python."""

import json
from typing import Any

import pytest
from workshop import PLAIN_LIMITS, Workshop

LIFE = r"""
    int main(int argc, char *argv[]) {
        must(argc - 1);
        if (strcmp(argv[1], "child") == 0)
            return 7;
        must(open(argv[1], O_RDWR | O_CREAT, 0600));
        must(eventfd(0, 0));
        if (must(fork()) == 0) {
            must(execl("/proc/self/exe", argv[0], "child", argv[1], NULL));
            return 1;
        }
        wait_for_all();
        return 0;
    }"""

PLAIN, NOT_ASCII = "plain", "pläin\udcff"


def life(workshop: Workshop, file: str) -> list[tuple[str, Any]]:
    """The events of the child, with what differs from run to run replaced."""
    record = workshop.session.spawn(["./program", file], PLAIN_LIMITS)
    assert workshop.end_of(record) == 0, record.stderr.decode()
    child = next(event.pid for event in record.events if event.kind == "birth")
    events = []
    for event in record.events:
        if event.pid == child and event.kind in ("birth", "exec", "exit"):
            facts = dict(event.facts)
            stat = facts.pop("stat").split()
            for descriptor in facts["fds"].values():
                descriptor.pop("file", None)
                if descriptor["link"].startswith("pipe:"):
                    descriptor["link"] = "a pipe"
                if "info" in descriptor:
                    descriptor["info"] = [line.split(":")[0] for line in descriptor["info"].splitlines()]
            told = json.dumps(facts, sort_keys=True).replace(json.dumps(file)[1:-1], "FILE")
            events.append((event.kind, (stat[1:3], len(stat), told)))
    return events


@pytest.mark.parametrize("file", [PLAIN, NOT_ASCII], ids=["by C", "by Python"])
def test_a_process_is_captured_at_its_birth_exec_and_exit(workshop: Workshop, file: str) -> None:
    workshop.compile(LIFE)
    born, executed, exited = life(workshop, file)
    assert (born[0], executed[0], exited[0]) == ("birth", "exec", "exit")
    assert r'"cmdline": "./program\u0000child\u0000FILE\u0000", "exe": "/work/program"' in executed[1][2]
    assert '"code": 7' in exited[1][2]
    assert all(
        '"link": "/work/FILE"' in facts and "anon_inode:[eventfd]" in facts
        for _, (_, _, facts) in (born, executed, exited)
    )


def test_names_that_c_leaves_to_python_are_captured_alike(workshop: Workshop) -> None:
    workshop.compile(LIFE)
    assert life(workshop, PLAIN) == life(workshop, NOT_ASCII)
