"""Results as grading yields them, for the tests of the reports."""

from dataclasses import replace
from fractions import Fraction

from grader.findings import Finding, FindingKind, Source
from grader.result import BuildReport, CheckResult, Diagnostic, Environment, Outcome, Result, Status

ENVIRONMENT = Environment(grader="0.1.0", image="grader-sandbox:5f2c", kernel="6.1.0-18-amd64")

GRAPH = """\
main (pid 7)  --wait4-->  cat (pid 9)
cat (pid 9)   --read--->  pipe:[21809]
pipe:[21809]  <--write--  cat (pid 9) fd 4"""

# What a program may print to break a report: controls, terminal commands, ends of markup, bytes that are no
# UTF-8, text that reads backwards, and commands to a CI runner.
HOSTILE = (
    "nul \x00 bell \x07 red \x1b[31mfake\x1b[0m title \x1b]0;owned\x07 clear \x1b[2J\x1b[H "
    "c1 \x9b31m \x85 del \x7f\n"
    "cdata ]]> end </script></pre></html> <b>&amp; \"quotes\" 'single'\n"
    "bytes \udcff\udc80 half \ud83d not \ufffe\uffff emoji \N{PILE OF POO} "
    "bidi \u202egnp.exe\u202c \u2066x\u2069\n"
    "::error::not really\n"
    "##[group]neither ##vso[task.complete] [[ATTACHMENT|/etc/passwd]]\r\n"
    "progress 10%\rprogress 99%\u2028done"
)


def check(name: str, **changes: object) -> CheckResult:
    passed = CheckResult(
        id=name,
        title=name.replace("_", " ").capitalize(),
        points=Fraction(15),
        max_points=Fraction(15),
        outcome=Outcome.PASSED,
        duration_seconds=0.0123456,
        visible=True,
    )
    return replace(passed, **changes)  # type: ignore[arg-type]


LEAK = Finding(
    kind=FindingKind.FD_LEAK_EXEC,
    message="cat (pid 9) was started with fd 4, a write end of pipe 21809 that main opened in pipeline.c:41.",
    process="cat",
    pid=9,
    fd=4,
    resource="pipe:[21809]",
    source=Source(file="pipeline.c", line=41),
    evidence={
        "holders": ["main (pid 7) fd 4, write end", "cat (pid 9) fd 4, write end"],
        "close_on_exec": False,
    },
)

DEADLOCK = Finding(
    kind=FindingKind.DEADLOCK,
    message=(
        "cat (pid 9) reads from pipe 21809. The only open write end of that pipe is its own fd 4. "
        "main (pid 7) waits for pid 9."
    ),
    process="cat",
    pid=9,
    resource="pipe:[21809]",
    evidence={"graph": GRAPH, "proven_after_ms": 6},
)

TWO_STAGES = check("two_stages")
NO_LEAKS = check(
    "no_fd_leaks",
    title="No descriptor leaks into a stage",
    points=Fraction(0),
    max_points=Fraction(20),
    outcome=Outcome.FAILED,
    message=LEAK.message,
    findings=(LEAK, DEADLOCK),
    transcript="$ ./pipeline fdprobe '|' fdprobe\nstderr: 0 1 2 4\nexit code 0\n",
    hint="Which process still holds an end that it does not use?",
    visible=False,
)
EXIT_STATUS = check(
    "exit_status",
    title="The exit status is the last stage's",
    points=Fraction(15, 2),
    outcome=Outcome.FAILED,
    message="exit_code of ./pipeline false is 0, expected 1",
    duration_seconds=1.25,
)
TERMINATES = check(
    "terminates_on_sigterm",
    title="Ends on SIGTERM",
    points=Fraction(0),
    max_points=Fraction(10),
    outcome=Outcome.SKIPPED,
    message="needs no_fd_leaks, which did not pass",
    duration_seconds=0.0,
    visible=False,
)

WARNING = Diagnostic(
    severity="warning",
    message="unused variable 'status'",
    file="pipeline.c",
    line=12,
    column=13,
    option="-Wunused-variable",
    quote="\tint status = 0;",
)
ERROR = Diagnostic(
    severity="error",
    message="expected ';' before 'return'",
    file="pipeline.c",
    line=40,
    column=18,
    quote="    pid = fork() return 0;",
)
LINKER = Diagnostic(severity="error", message="undefined reference to `spawn'")

GRADED = Result(
    assignment="pipeline",
    title="A pipeline of processes",
    submission="ada",
    digest="sha256:0123",
    status=Status.GRADED,
    checks=(TWO_STAGES, NO_LEAKS, EXIT_STATUS, TERMINATES),
    build=BuildReport(ok=True, log="pipeline.c:12:13: warning: …", diagnostics=(WARNING,)),
    environment=ENVIRONMENT,
    duration_seconds=1.5678,
)

PERFECT = replace(GRADED, checks=(TWO_STAGES, check("exit_status")), build=BuildReport(ok=True))


def _skipped(reason: str) -> tuple[CheckResult, ...]:
    return tuple(
        replace(
            one,
            outcome=Outcome.SKIPPED,
            points=Fraction(0),
            message=reason,
            findings=(),
            transcript="",
            duration_seconds=0.0,
        )
        for one in GRADED.checks
    )


BUILD_FAILED = replace(
    GRADED,
    status=Status.BUILD_FAILED,
    checks=_skipped("the program does not compile"),
    build=BuildReport(ok=False, log="pipeline.c:40:18: error: expected ';'", diagnostics=(ERROR, LINKER)),
)

REJECTED = replace(
    GRADED,
    status=Status.REJECTED,
    reason="pipeline.c is missing",
    checks=_skipped("the submission was rejected"),
    build=None,
    environment=None,
)

BROKEN = replace(
    GRADED,
    title=f"title {HOSTILE}",
    submission=f"name {HOSTILE}",
    checks=(
        replace(
            NO_LEAKS,
            title=f"title {HOSTILE}",
            message=f"message {HOSTILE}",
            transcript=HOSTILE,
            hint=f"hint {HOSTILE}",
            findings=(
                replace(
                    DEADLOCK,
                    message=HOSTILE,
                    process=HOSTILE,
                    resource=HOSTILE,
                    source=Source(file=HOSTILE, line=1),
                    evidence={HOSTILE: HOSTILE, "list": [HOSTILE, 3, None], "nested": {HOSTILE: [HOSTILE]}},
                ),
            ),
        ),
        replace(TERMINATES, message=HOSTILE),
    ),
    build=BuildReport(
        ok=True,
        log=HOSTILE,
        diagnostics=(replace(WARNING, file=HOSTILE, message=HOSTILE, option=HOSTILE, quote=HOSTILE),),
    ),
)

EVERY = (GRADED, PERFECT, BUILD_FAILED, REJECTED, BROKEN)
