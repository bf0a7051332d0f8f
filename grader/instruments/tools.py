"""The tools: how a program is built for each, how it is run under it, and how its reports are read. Pure.

Options: https://github.com/google/sanitizers/wiki/SanitizerCommonFlags and valgrind(1).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from grader.findings import Finding
from grader.instruments import address, thread, undefined, valgrind
from grader.instruments.explain_memory import memory_findings
from grader.instruments.explain_races import race_findings
from grader.instruments.reports import ToolFailedError

TOOL_EXIT_CODE = 86
"""What a process ends with that AddressSanitizer stopped; no program means it."""

TIME_FACTOR = 3.0
"""How much longer than the assignment's time limit a run under a tool may take."""

_REPLACED = ("-fsanitize", "-fno-sanitize", "-static", "-flto", "-D_FORTIFY_SOURCE", "-fwhole-program")
_STRIPPING = ("-s", "-g0")

_PRECISE = ("-g", "-fno-omit-frame-pointer", "-fno-builtin", "-U_FORTIFY_SOURCE", "-Wno-error")
"""Lines and names as the student wrote them: no call is replaced by another, no frame left out."""

_NO_PART_OF_POSIX_THREADS = frozenset(
    {"thrd_create", "mtx_lock", "mtx_trylock", "mtx_timedlock", "cnd_wait", "call_once", "__tsan_atomic_thread_fence"}
    | {"flockfile", "ftrylockfile"}
)
"""What orders threads without ThreadSanitizer's knowing: the threads of <threads.h>, fences, locks of streams."""

_NO_HANDLERS = "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"
"""A crash is the kernel's to tell, and a handler for SIGSEGV the program's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. `option` is the compiler's, `launcher` stands before the program's path; `read` takes the report of
    each process by its pid, and the program's name. `needs` is what must hold for it to work.

    `environment` and `launcher` have `{log}` where the path goes to which each process adds `.` and its pid.
    `extra_tasks` are threads and processes of the tool's own. `is_intrusive`: a program can fail because of it, as it
    has a thread in each process or does not know every system call. `unsupported` are library functions that it does
    not know, so that it would be wrong about a program that uses them.
    `macro` is what the compiler defines for it, and `attribute` what a function is told by that it is not to look
    at: `no_sanitize("address")`.
    """

    name: str
    title: str
    option: str
    needs: str
    read: Callable[[Mapping[int, str], str], tuple[Finding, ...]]
    environment: Mapping[str, str] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()
    extra_tasks: int = 0
    is_intrusive: bool = False
    ends_the_program: bool = False
    macro: str = ""
    attribute: str = ""
    unsupported: frozenset[str] = frozenset()

    def environment_for(self, log: str) -> dict[str, str]:
        return {name: value.format(log=log) for name, value in self.environment.items()}

    def command_for(self, log: str, machine: str, program: str, args: Sequence[str]) -> list[str]:
        return [*(part.format(log=log, machine=machine) for part in self.launcher), program, *args]


def compiler_options(tool: Tool, options: Sequence[str], *, optimised: bool) -> list[str]:
    """The assignment's options without what the tool cannot bear, and its own; unless `optimised`, `-O0`.

    Without optimisation no wrong access is optimised away, and pointers live in memory, where a leak checker looks.
    """
    kept = [option for option in options if not option.startswith(_REPLACED) and option not in _STRIPPING]
    return [*kept, *_PRECISE, *([] if optimised else ["-O0"]), *([tool.option] if tool.option else [])]


def _address(files: Mapping[int, str], process: str) -> tuple[Finding, ...]:
    return memory_findings(chain.from_iterable(map(address.read_reports, files.values())), process)


def _undefined(files: Mapping[int, str], process: str) -> tuple[Finding, ...]:
    return memory_findings(chain.from_iterable(undefined.read_reports(files[pid], pid) for pid in files), process)


def _thread(files: Mapping[int, str], process: str) -> tuple[Finding, ...]:
    return race_findings(chain.from_iterable(map(thread.read_reports, files.values())), process)


def _valgrind(files: Mapping[int, str], process: str) -> tuple[Finding, ...]:
    if not any(valgrind.has_begun(text) for text in files.values()):
        raise ToolFailedError("it wrote no report")
    return memory_findings(chain.from_iterable(valgrind.read_reports(files[pid], pid) for pid in files), process)


UNOPTIMISED = Tool(
    name="unoptimised",
    title="no tool",
    option="",
    needs="",
    read=lambda files, process: (),
)
"""The program as it is built for the tools, without any: whether a crash is the tool's doing shows here."""

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="address",
            title="AddressSanitizer",
            option="-fsanitize=address",
            macro="__SANITIZE_ADDRESS__",
            attribute="address",
            needs="It needs memory: raise `limits.memory` of the assignment.",
            read=_address,
            environment={
                "ASAN_OPTIONS": f"log_path={{log}}:exitcode={TOOL_EXIT_CODE}:detect_leaks=0:quarantine_size_mb=8"
                ":detect_stack_use_after_return=1:allocator_may_return_null=1:detect_odr_violation=0:color=never"
            },
            ends_the_program=True,
        ),
        Tool(
            name="leak",
            title="LeakSanitizer",
            option="-fsanitize=leak",
            needs="It looks into its own process with ptrace(2), which this machine may forbid; `valgrind` finds leaks"
            " too.",
            read=_address,
            environment={
                "LSAN_OPTIONS": "log_path={log}:exitcode=0:fast_unwind_on_malloc=0:allocator_may_return_null=1"
                f":color=never:{_NO_HANDLERS}"
            },
            extra_tasks=4,
        ),
        Tool(
            name="undefined",
            title="UndefinedBehaviorSanitizer",
            option="-fsanitize=undefined",
            attribute="undefined",
            needs="It needs nothing unusual: run `grader doctor`.",
            read=_undefined,
            environment={"UBSAN_OPTIONS": f"log_path={{log}}:print_stacktrace=1:color=never:{_NO_HANDLERS}"},
        ),
        Tool(
            name="thread",
            title="ThreadSanitizer",
            option="-fsanitize=thread",
            macro="__SANITIZE_THREAD__",
            attribute="thread",
            needs="It needs memory, and a kernel that lets it place memory as it must (personality(2)).",
            read=_thread,
            environment={
                "TSAN_OPTIONS": "log_path={log}:exitcode=0:die_after_fork=0:report_thread_leaks=0"
                ":report_signal_unsafe=0:detect_deadlocks=0:history_size=4:atexit_sleep_ms=20"
                f":allocator_may_return_null=1:color=never:{_NO_HANDLERS}"
            },
            launcher=("/usr/bin/setarch", "{machine}", "-R"),  # kernels that place memory too randomly for it
            extra_tasks=4,
            is_intrusive=True,
            unsupported=_NO_PART_OF_POSIX_THREADS,
        ),
        Tool(
            name="valgrind",
            title="valgrind",
            option="",
            needs="It needs memory: raise `limits.memory` of the assignment.",
            read=_valgrind,
            is_intrusive=True,
            launcher=(
                "/usr/bin/valgrind",
                "-q",
                "--xml=yes",
                "--xml-file={log}.%p",
                "--leak-check=full",
                "--show-leak-kinds=definite",
                "--child-silent-after-fork=no",
            ),
        ),
    )
}
