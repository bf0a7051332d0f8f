"""Grades several submissions at a time, each in a process of its own that is started once and used again."""

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import TypeVar

from grader.grade import grade
from grader.result import Result
from grader.spec import Assignment
from grader.submission import Submission

Key = TypeVar("Key")


def default_jobs() -> int:
    """One more than there are cores: while a container starts, its worker waits."""
    return (os.cpu_count() or 1) + 1


def grade_all(
    assignment: Assignment, submissions: Iterable[tuple[Key, Submission]], jobs: int
) -> Iterator[tuple[Key, Result]]:
    """Grade each submission and yield its result with its key, in the order in which they are done.

    Raises what `grade` raises, for the first that has no verdict; the others are given up.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures: dict[Future[Result], Key] = {
            pool.submit(_grade_one, assignment, submission): key for key, submission in submissions
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _grade_one(assignment: Assignment, submission: Submission) -> Result:
    return grade(assignment, submission)
