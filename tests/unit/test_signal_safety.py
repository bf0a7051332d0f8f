"""Which functions a program installs as signal handlers, and what they call that they may not."""

from pathlib import Path

import pytest

from grader.findings import Finding, FindingKind
from grader.signal_safety.call_graph import CallGraph, read_call_graph
from grader.signal_safety.handlers import find_handlers
from grader.signal_safety.judge import signal_safety_findings
from grader.signal_safety.safe_functions import is_safe, plain_name
from grader.signal_safety.tokens import UnreadableSourceError

RECORDED = Path(__file__).with_name("signal_handlers")
SOURCES = ("forms.c", "helper.c")


def text_of(source: str, suffix: str) -> str:
    return (RECORDED / source).with_suffix(suffix).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def graph() -> CallGraph:
    return read_call_graph(text_of(source, ".ci") for source in SOURCES)


@pytest.fixture(scope="module")
def handlers(graph: CallGraph) -> tuple[str, ...]:
    return find_handlers({source: text_of(source, ".i") for source in SOURCES}, graph)


@pytest.fixture(scope="module")
def findings(graph: CallGraph, handlers: tuple[str, ...]) -> tuple[Finding, ...]:
    return signal_safety_findings(graph, handlers)


def of_handler(findings: tuple[Finding, ...], handler: str) -> list[tuple[object, str, int]]:
    return [
        (finding.evidence["function"], finding.source.file, finding.source.line)
        for finding in findings
        if finding.source is not None and f"`{handler}`" in finding.message
    ]


EVERY_FORM = {
    "by_designator": [("printf", "forms.c", 16)],
    "by_member": [("malloc", "forms.c", 25), ("free", "forms.c", 25)],
    "by_address": [("puts", "forms.c", 26)],
    "by_ternary": [("exit", "forms.c", 27)],
    "by_signal": [("fprintf", "forms.c", 28)],
    "by_wrapper": [("syslog", "helper.c", 10)],
    "by_variable": [("perror", "forms.c", 30)],
    "by_info": [("assert", "forms.c", 34)],
    "by_position": [("localtime", "helper.c", 13)],
    "by_macro": [("strsignal", "forms.c", 37)],
    "by_pair_of_wrappers": [("rand", "forms.c", 38)],
    "clean": [],
    "through_pointer": [],
}


def test_a_handler_is_found_however_it_is_installed(handlers: tuple[str, ...]) -> None:
    assert {title.removeprefix("forms.c:") for title in handlers} == set(EVERY_FORM)


@pytest.mark.parametrize("handler", EVERY_FORM)
def test_an_unsafe_call_is_told_with_its_line(findings: tuple[Finding, ...], handler: str) -> None:
    assert of_handler(findings, handler) == EVERY_FORM[handler]


def test_a_function_that_is_only_compared_or_called_through_a_pointer_is_no_handler(
    handlers: tuple[str, ...], findings: tuple[Finding, ...]
) -> None:
    assert "forms.c:never" not in handlers
    assert not [finding for finding in findings if "`never`" in finding.message or "fine here" in finding.message]


def test_a_finding_tells_the_way_from_the_handler(findings: tuple[Finding, ...]) -> None:
    finding = next(finding for finding in findings if finding.resource == "syslog")
    assert finding.kind is FindingKind.SIGNAL
    assert "`by_wrapper` calls `syslog` through `helper`, `deep` (helper.c:10)" in finding.message
    assert "if the signal arrives while" in finding.message
    assert finding.evidence["path"] == ["`by_wrapper` (forms.c:29)", "`helper` (helper.c:12)", "`deep` (helper.c:5)"]


# -- small programs, by hand ----------------------------------------------------------------------

GRAPH = """\
graph: { title: "a.c"
node: { title: "a.c:on_int" label: "on_int\\na.c:3:13" }
node: { title: "a.c:on_term" label: "on_term\\na.c:4:13" }
node: { title: "say" label: "say\\na.c:1:6" }
node: { title: "puts" label: "puts\\n/usr/include/stdio.h:661:12" shape : ellipse }
node: { title: "__indirect_call" label: "Indirect Call Placeholder" shape : ellipse }
node: { title: "__stack_chk_fail" label: "__stack_chk_fail\\n<built-in>" shape : ellipse }
edge: { sourcename: "a.c:on_int" targetname: "say" label: "a.c:3:30" }
edge: { sourcename: "a.c:on_term" targetname: "say" label: "a.c:4:30" }
edge: { sourcename: "a.c:on_term" targetname: "__indirect_call" label: "a.c:4:40" }
edge: { sourcename: "a.c:on_term" targetname: "__stack_chk_fail" }
edge: { sourcename: "say" targetname: "say" label: "a.c:1:20" }
edge: { sourcename: "say" targetname: "puts" label: "a.c:1:25" }
}
"""


def handlers_in(source: str) -> set[str]:
    graph = read_call_graph([GRAPH])
    return {title.rpartition(":")[2] for title in find_handlers({"a.c": source}, graph)}


def test_one_call_that_two_handlers_reach_is_one_finding() -> None:
    (finding,) = signal_safety_findings(read_call_graph([GRAPH]), ("a.c:on_int", "a.c:on_term"))
    assert finding.message.startswith("The signal handlers `on_int` and `on_term` call `puts` through `say` (a.c:1)")
    assert finding.source is not None
    assert finding.source.line == 1


@pytest.mark.parametrize(
    "source",
    [
        "void f(void) { struct sigaction a = { .sa_flags = 0, .sa_handler = on_int }; }",
        "void f(void) { struct sigaction a = { .__sigaction_handler.sa_handler = on_int }; }",
        "void f(struct sigaction *a) { a->sa_handler = (void (*)(int)) on_int; }",
        "void f(void) { a[3].sa_handler = & on_int; }",
        "void f(int q) { a.sa_sigaction = q ? ((void *)0) : (on_int); }",
        "void f(void) { if (signal(2, on_int) == ((void (*)(int)) -1)) g(); }",
        "void f(void) { void (*h)(int) = on_int; signal(2, h); }",
        "void f(void) { sighandler_t h; h = on_int; sigset(2, h); }",
        "static struct sigaction act = { { on_int }, 0 };",
        "void (*Signal(int n, void (*h)(int)))(int) { a.sa_handler = h; } void g(void) { Signal(1, on_int); }",
        "typedef void H(int); H *Signal(int n, H *h) { return signal(n, h); } int main(void) { Signal(1, on_int); }",
        'void f(void) { char *s = "signal(1, on_term)"; signal(2, on_int); }',
    ],
)
def test_forms_of_installing(source: str) -> None:
    assert handlers_in(source) == {"on_int"}


@pytest.mark.parametrize(
    "source",
    [
        "void f(void) { a.sa_handler = ((void (*)(int)) 1); }",
        "void f(void) { if (a.sa_handler == on_int) g(); }",
        "void f(void) { signal(2, choose(on_int)); }",
        "void f(void) { signal(2, table.on_int); }",
        "void f(void) { on_int(2); pthread_create(&t, 0, on_int, 0); atexit(on_int); }",
        "void signal(int n, void (*on_int)(int));",
        "void f(struct bus *b) { b->signal(2, on_int); bus.signal(2, on_int); }",
        '# 1 "/usr/include/x.h" 1 3 4\nvoid f(void) { signal(2, on_int); }\n# 2 "a.c" 2\n',
        "void f(void) { signal(2",
        "void f(void) { a.sa_handler =",
        "}}}) struct sigaction",
    ],
)
def test_what_installs_nothing(source: str) -> None:
    assert handlers_in(source) == set()


@pytest.mark.parametrize("monster", ["signal(" * 300, "a(*" * 300, "x;" * 300_000])
def test_a_monster_is_refused(monster: str) -> None:
    with pytest.raises(UnreadableSourceError, match=r"a\.c"):
        handlers_in(monster)


def test_a_macro_of_a_system_header_in_the_students_file_is_read() -> None:
    lines = ("void f(void) { a.", '# 5 "a.c" 3 4', "__sigaction_handler.sa_handler", '# 5 "a.c"', "= on_int; }")
    assert handlers_in("\n".join(lines)) == {"on_int"}


SAFE = """
write _exit memcpy strlen kill waitpid sigaction sem_post pipe2 ppoll alarm abort siglongjmp __errno_location
__stack_chk_fail __memcpy_chk __read_chk __sigsetjmp __builtin_unreachable
"""

UNSAFE = """
printf puts fprintf snprintf malloc free exit perror strsignal localtime strtok pthread_mutex_lock fflush fopen syslog
getenv rand system popen sem_wait __printf_chk __snprintf_chk *__isoc99_sscanf __assert_fail
"""


@pytest.mark.parametrize("name", SAFE.split())
def test_what_is_safe(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize("name", UNSAFE.split())
def test_what_is_not_safe(name: str) -> None:
    assert not is_safe(name)


def test_names_are_those_of_the_source() -> None:
    assert plain_name("*__isoc99_sscanf") == "sscanf"
    assert plain_name("__assert_fail") == "assert"
    assert plain_name("write") == "write"
