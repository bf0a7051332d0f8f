"""The command line: `main(argv)` returns the exit status, and is the one place that prints errors.

Exit status: 0 every check passed, 1 some check failed, 2 the caller's mistake, 3 no verdict, 130 interrupted.
"""

import argparse
import contextlib
import errno
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from grader import INTERRUPTED, __version__
from grader.errors import GraderError, InternalError, UsageError
from grader.interrupts import Interrupts
from sandbox.container import RUNTIME_VARIABLE
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from grader.result import Result
    from sandbox.launcher import LauncherAhead

_FORMATS = {"junit": "junit", "json": "json_report", "html": "html", "markdown": "markdown", "gradescope": "gradescope"}
"""The reports of a grading that a file can be named for, each by an option of its name, and the module of each."""


def main(argv: Sequence[str], interrupts: Interrupts | None = None, ahead: "LauncherAhead | None" = None) -> int:
    """Run one command and return its exit status; errors are said on standard error, without a traceback.

    `interrupts` handles SIGINT, if anything of ours does; `ahead` starts the sandbox of a command that needs one, if
    that has been begun already.
    """
    arguments = _arguments(argv)
    arguments.interrupts = interrupts = interrupts or Interrupts()
    arguments.ahead = ahead
    if getattr(arguments, "runtime", None):
        os.environ[RUNTIME_VARIABLE] = arguments.runtime  # of this process and of those it starts
    try:
        status = int(arguments.command(arguments))
        sys.stdout.flush()
        return status
    except GraderError as error:
        _say_error(str(error))
        return error.exit_status
    except SandboxError as error:
        _say_error(f"{error}\n{error.advice}" if error.advice else str(error))
        return 3
    except KeyboardInterrupt:
        _say_error(f"interrupted; {interrupts.left}")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the outermost border: whatever it is, it is no grade
        if isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF):
            _say_error(f"cannot write to standard output: {error.strerror}\nThere is no verdict; name a file instead.")
            return 3
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = InternalError(
            f"internal error: {type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})",
            advice="This is a bug of the grader, not of the submission; there is no verdict."
            " Set GRADER_DEBUG=1 to see where it comes from.",
        )
        _say_error(str(fault))
        if os.environ.get("GRADER_DEBUG"):
            traceback.print_exception(error)
        return fault.exit_status


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What argparse makes of `argv`, with two things that it does not take, of the program that `observe` runs.

    All that is behind `--` is the program's, though options stand between that and the target; and what is behind
    `--cflags` is for the compiler, though it looks like an option.
    """
    own, given = list(argv), []
    if own[:1] == ["observe"]:
        if "--" in own:
            border = own.index("--")
            own, given = own[:border], own[border + 1 :]
        if "--cflags" in own[:-1]:
            place = own.index("--cflags")
            own[place : place + 2] = [f"--cflags={own[place + 1]}"]
    parser = _parser()
    arguments, unknown = parser.parse_known_args(own, argparse.Namespace(args=given))
    if unknown:
        behind = "; what is meant for the program stands behind --" if own[:1] == ["observe"] else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{behind}")
    return arguments


def run_command(interrupts: Interrupts, ahead: "LauncherAhead | None") -> NoReturn:
    """Run the command of this process's arguments, and end the process; see `main` for the rest."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # a closed one, for our life
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever the terminal can show
    try:
        status = main(sys.argv[1:], interrupts, ahead)
    except SystemExit as stop:  # of argparse: help, version, usage
        status = stop.code if isinstance(stop.code, int) else 2
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)  # everything is written; taking the interpreter apart would only take time


def _say_error(text: str) -> None:
    from grader.reports.text import visible, without_ci_commands

    print(f"grader: {without_ci_commands(visible(text))}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grader", description="Grades C programs of systems-programming courses in a Docker sandbox."
    )
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_grade(commands)
    _add_observe(commands)
    _add_batch(commands)
    _add_validate(commands)
    listing = commands.add_parser("list", help="show the assignments that come with the grader")
    listing.set_defaults(command=_list)
    new = commands.add_parser("new", help="make a small, complete, valid assignment to start from")
    new.add_argument("folder", type=Path, metavar="DIR", help="the folder to make; its name becomes the assignment's")
    new.set_defaults(command=_new)
    schema = commands.add_parser("schema", help="print the JSON Schema of assignment.yaml, for editors")
    schema.set_defaults(command=_schema)
    doctor = commands.add_parser("doctor", help="check this machine: Docker, the image, what the sandbox needs")
    _add_runtime(doctor)
    doctor.set_defaults(command=_doctor)
    sandbox = commands.add_parser("sandbox", help="build, describe or clear away the sandbox image")
    sandbox.add_argument("action", choices=("build", "info", "prune"))
    sandbox.set_defaults(command=_sandbox)
    return parser


def _add_runtime(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--runtime", metavar="NAME", help="run the sandbox with this runtime of the engine (GRADER_RUNTIME)"
    )


def _add_grade(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    grade = commands.add_parser(
        "grade",
        help="grade one submission",
        description="Grade one submission. Exit status: 0 all checks passed, 1 some failed (with"
        " --fail-under: the score is below), 2 usage or an invalid assignment, 3 no verdict, 130 interrupted.",
    )
    grade.add_argument("assignment", help="an assignment's folder, or the name of a shipped one")
    grade.add_argument("submission", type=Path, help="a folder, a .c file, or a .zip or .tar[.gz] archive")
    grade.add_argument("--junit", metavar="FILE", help="write JUnit XML to FILE (- for standard output)")
    grade.add_argument("--json", metavar="FILE", help="write the result as JSON to FILE (- for standard output)")
    grade.add_argument("--html", metavar="FILE", help="write a web page to FILE")
    grade.add_argument("--markdown", metavar="FILE", help="write a summary for a pull request or a job's page to FILE")
    grade.add_argument("--gradescope", metavar="FILE", help="write Gradescope's results.json to FILE")
    grade.add_argument("--check", metavar="ID", action="append", default=[], help="run only this check (repeatable)")
    grade.add_argument("--student", action="store_true", help="show only what a student may see")
    grade.add_argument(
        "--fail-under", type=_percent, metavar="P", help="exit with 1 only if the score is below P percent"
    )
    _add_runtime(grade)
    grade.set_defaults(command=_grade)


def _add_observe(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    observe = commands.add_parser(
        "observe",
        usage="grader observe TARGET [options] [-- ARGS...]",
        help="run any C program and tell what it does wrong",
        description="Build a C program, run it once in the sandbox, with ARGS, and explain every finding. Exit status:"
        " 0 nothing found, 1 some finding, 2 usage, 3 no verdict, 130 interrupted.",
    )
    observe.add_argument("target", type=Path, metavar="TARGET", help="a .c file, or a folder of them")
    observe.add_argument("--stdin", type=Path, metavar="FILE", help="its standard input (empty without this)")
    observe.add_argument("--timeout", type=_seconds, default=10.0, metavar="S", help="seconds it may run (10)")
    observe.add_argument("--json", metavar="FILE", help="write everything as JSON to FILE (- for standard output)")
    observe.add_argument("--cflags", metavar="'...'", help="further options for the compiler")
    observe.add_argument(
        "--sanitize",
        choices=("address", "leak", "undefined", "thread", "valgrind"),
        help="run it under a tool that watches its memory or its threads instead",
    )
    _add_runtime(observe)
    observe.set_defaults(command=_observe)


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.01 to 3600, found {text!r}")
    return seconds


def _observe(arguments: argparse.Namespace) -> int:
    outputs = _outputs(arguments)
    try:
        stdin = arguments.stdin.read_bytes() if arguments.stdin else b""
    except OSError as error:
        raise UsageError(f"cannot read {arguments.stdin}: {error.strerror}") from error

    from sandbox.launcher import LauncherAhead

    with arguments.ahead or LauncherAhead() as ahead:
        from grader.observe_command import observe
        from grader.progress import Progress
        from grader.reports import observation as report
        from grader.write import write_whole

        arguments.interrupts.deliver()
        with Progress(sys.stderr, enabled=sys.stderr.isatty()) as progress:
            observed = observe(
                arguments.target,
                arguments.args,
                stdin=stdin,
                seconds=arguments.timeout,
                cflags=arguments.cflags,
                say=arguments.interrupts.telling(progress.step),
                launch=ahead.launch,
                sanitize=arguments.sanitize,
            )
    if "json" in outputs:
        text = report.render_json(observed)
        if outputs["json"] == "-":
            sys.stdout.write(text)
        else:
            write_whole(Path(outputs["json"]), text)
    if outputs.get("json") != "-":
        sys.stdout.write(report.render_terminal(observed, color=_color(), width=_width()))
    return 1 if observed.run is None or observed.findings else 0


def _add_batch(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    batch = commands.add_parser(
        "batch",
        help="grade a whole class",
        description="Grade every submission in a folder, as Moodle, Canvas and GitHub Classroom export them, into a"
        " gradebook with reports. Exit status: 0 every submission has a verdict, 1 with --fail-under if some score is"
        " below, 2 usage or an invalid assignment, 3 some submission has no verdict, 130 interrupted.",
    )
    batch.add_argument("assignment", help="an assignment's folder, or the name of a shipped one")
    batch.add_argument("submissions", type=Path, help="a folder of folders, archives or .c files, one for each student")
    batch.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the gradebook and reports go")
    batch.add_argument("--jobs", type=_count, metavar="N", help="how many at a time (cores + 1)")
    batch.add_argument("--resume", action="store_true", help="go on with DIR: grade only what is missing or changed")
    batch.add_argument(
        "--cluster", metavar="ADDRESS", help="grade on the workers of this Dask scheduler (tcp://host:8786)"
    )
    batch.add_argument("--fail-under", type=_percent, metavar="P", help="exit with 1 if a score is below P percent")
    _add_runtime(batch)
    batch.set_defaults(command=_batch)


def _percent(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"expected a percentage from 0 to 100, found {text!r}")
    return percent


def _batch(arguments: argparse.Namespace) -> int:
    from grader.batch import batch, grade_here
    from grader.batch_progress import BatchProgress
    from grader.spec import load_assignment
    from grader.workers import default_jobs

    assignment = load_assignment(arguments.assignment)
    if arguments.cluster:
        from grader.cluster import grade_on_cluster

        grade = grade_on_cluster(arguments.cluster)
    else:
        grade = grade_here(arguments.jobs or default_jobs())
    arguments.interrupts.left = "what has been graded is kept, and the same command with --resume goes on from there"
    arguments.interrupts.deliver()
    with BatchProgress(sys.stderr) as progress:
        tally = batch(
            assignment,
            arguments.submissions,
            arguments.out,
            resume=arguments.resume,
            grade=grade,
            fail_under=arguments.fail_under,
            on_change=arguments.interrupts.telling(progress.show),
        )
    from grader.reports.text import visible

    for row in tally.without_verdict:
        print(f"no verdict: {visible(row.name)}: {visible(row.reason)}", file=sys.stderr)
    print(f"{tally.done} submissions, {tally.reused} of them graded before: {arguments.out / 'index.html'}")
    if tally.without_verdict:
        print(f"{len(tally.without_verdict)} have no verdict: run the same again with --resume", file=sys.stderr)
        return 3
    return 1 if tally.below else 0


def _add_validate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    validate = commands.add_parser(
        "validate",
        help="prove that an assignment's checks catch what they claim",
        description="Grade the solution, the alternatives, the starter and every known-bad program of assignments."
        " Exit status: 0 all are valid, 1 some is not, 2 usage or an assignment that cannot be read, 3 no verdict.",
    )
    validate.add_argument("assignments", nargs="+", metavar="ASSIGNMENT", help="a folder, or the name of a shipped one")
    validate.add_argument("--repeat", type=_count, default=1, metavar="N", help="grade the right ones N times (1)")
    validate.add_argument("--jobs", type=_count, metavar="N", help="how many at a time (cores + 1)")
    validate.add_argument("--json", metavar="FILE", help="write the outcome as JSON to FILE (- for standard output)")
    _add_runtime(validate)
    validate.set_defaults(command=_validate)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 10000, found {text!r}")
    return int(text)


def _validate(arguments: argparse.Namespace) -> int:
    outputs = _outputs(arguments)

    from grader.progress import Progress
    from grader.reports import validation as report
    from grader.validate import validate
    from grader.write import write_whole

    arguments.interrupts.deliver()
    validations = []
    for name in arguments.assignments:
        with Progress(sys.stderr, enabled=sys.stderr.isatty()) as progress:
            say = arguments.interrupts.telling(progress.step)
            validations.append(validate(name, repeat=arguments.repeat, jobs=arguments.jobs, say=say))
        if outputs.get("json") != "-":
            print(report.render_terminal(validations[-1]), flush=True)
    if "json" in outputs:
        text = report.render_json(validations)
        if outputs["json"] == "-":
            sys.stdout.write(text)
        else:
            write_whole(Path(outputs["json"]), text)
    return 1 if any(validation.problems for validation in validations) else 0


def _color() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _grade(arguments: argparse.Namespace) -> int:
    outputs = _outputs(arguments)

    from sandbox.launcher import LauncherAhead

    with arguments.ahead or LauncherAhead() as ahead:
        from grader.spec import load_assignment

        assignment = load_assignment(arguments.assignment)
        only = _known_checks(arguments.check, [check.id for check in assignment.checks])

        from grader.containment import containment_of
        from grader.progress import Progress
        from grader.submission import load_submission

        submission = load_submission(arguments.submission, assignment.submission)
        interrupts: Interrupts = arguments.interrupts
        interrupts.keep()
        if not submission.rejected:
            ahead.ask(containment_of(assignment.limits))  # before the rest is loaded

        from grader.grade import grade

        def load() -> None:
            _load_the_rest()
            interrupts.deliver()

        with Progress(sys.stderr, enabled=sys.stderr.isatty()) as progress:
            say = interrupts.telling(progress.step)
            result = grade(assignment, submission, only=only, say=say, meanwhile=load, launch=ahead.launch)
    interrupts.deliver()  # the checks load modules, too
    if arguments.student:
        from grader.reports.visibility import student_view

        result = student_view(result)
    _write_reports(outputs, result)
    if arguments.fail_under is not None:
        return 0 if 100 * result.score >= arguments.fail_under * result.max_score else 1
    return 0 if result.all_passed else 1


def _load_the_rest() -> None:
    """Import what will be wanted after the program is built, while there is nothing else to do."""
    from grader.checks import runner  # noqa: F401  # with pytest
    from grader.reports import json_report, junit, terminal  # noqa: F401


def _outputs(arguments: argparse.Namespace) -> dict[str, str]:
    """Format to file name; refuses what could not be written before any work is done."""
    from grader.write import check_writable

    outputs = {name: file for name in _FORMATS if (file := getattr(arguments, name, None))}
    if list(outputs.values()).count("-") > 1:
        raise UsageError("only one report can go to standard output", advice="Give the other a file name.")
    for file in outputs.values():
        if file != "-":
            check_writable(Path(file))
    return outputs


def _known_checks(wanted: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    for check in wanted:
        if check not in known:
            raise UsageError(f"there is no check {check!r}", advice=f"The checks are {', '.join(known)}.")
    return frozenset(wanted)


def _write_reports(outputs: dict[str, str], result: object) -> None:
    from grader.reports import terminal
    from grader.result import Result
    from grader.write import write_whole

    assert isinstance(result, Result)
    printed = ""
    for name, file in outputs.items():
        text = _rendered(name, result)
        if file != "-":
            write_whole(Path(file), text)
        else:
            printed = text
    if printed:
        sys.stdout.write(printed)  # last: what cannot be written to a file leaves nothing
    else:
        sys.stdout.write(terminal.render(result, color=_color(), width=_width()))


def _rendered(name: str, result: "Result") -> str:
    """The result in one of the formats, whose module is imported only now."""
    text = importlib.import_module(f"grader.reports.{_FORMATS[name]}").render(result)
    assert isinstance(text, str)
    return text


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 100


def _list(arguments: argparse.Namespace) -> int:
    from grader.spec import load_assignment, shipped_names

    for name in shipped_names():
        assignment = load_assignment(name)
        points = sum(check.points for check in assignment.checks)
        print(f"{name:20} {points!s:>4} points  {assignment.title}  ({', '.join(assignment.topics)})")
    return 0


def _new(arguments: argparse.Namespace) -> int:
    from grader.new import new_assignment

    for path in new_assignment(arguments.folder):
        print(path)
    print(f"\nTry it: grader validate {arguments.folder}")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from grader import schema

    sys.stdout.write(schema.render())
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from grader.doctor import examine

    arguments.interrupts.deliver()
    healthy = True
    for finding in examine():
        healthy = healthy and finding.ok
        print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what}" + (f"\n     {finding.mend}" if finding.mend else ""))
    return 0 if healthy else 3


def _sandbox(arguments: argparse.Namespace) -> int:
    from sandbox.docker import connect
    from sandbox.image import build_image, image_name, prune_images

    arguments.interrupts.deliver()
    client = connect()
    if arguments.action == "build":
        print(build_image(client, partial(print, flush=True)))
    elif arguments.action == "prune":
        for removed in prune_images(client):
            print(f"removed {removed}")
    else:
        version = client.version()
        print(f"engine  {version['Version']} on kernel {version['KernelVersion']}")
        present = client.images(name=image_name())
        print(f"image   {image_name()} {'is built' if present else 'is missing: run `grader sandbox build`'}")
    return 0
