"""What is drawn of a run fits where it is looked at."""

import re

from grader.picture import Picture, WaitEdge
from grader.reports.drawings import draw

WAITS = (
    WaitEdge(who="cat (pid 9)", what="reads from pipe 17", wakers=("main (pid 7)",)),
    WaitEdge(who="main (pid 7)", what="waits for its child 9", wakers=("cat (pid 9)",)),
)


def width_of(*waits: WaitEdge) -> int:
    (found,) = re.findall(r'<svg[^>]* width="(\d+)"', "".join(draw(Picture(command="./main", lives=(), waits=waits))))
    return int(found)


def test_a_lone_wait_is_drawn_no_wider_than_a_telephone() -> None:
    assert width_of(WAITS[0]) < 320
    assert width_of(*WAITS) > 600
