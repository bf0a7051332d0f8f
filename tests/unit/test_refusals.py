"""Where a source keeps a tool from looking, in what the preprocessor made of it."""

import pytest

from grader.instruments.refusals import find_refusal, may_refuse

HEAD = '# 0 "/work/main.c"\n# 1 "/usr/include/stdio.h" 1 3 4\nint __attribute__((no_sanitize_address)) x;\n'


@pytest.mark.parametrize(
    "text",
    [
        '__attribute__((no_sanitize("address"))) int f(void);',
        '__attribute__((__no_sanitize__ ("thread,address"))) int f(void);',
        '[[gnu::no_sanitize("addr" "ess")]] int f(void);',
        "__attribute__((no_sanitize_address)) int f(void);",
        "__attribute__((no_address_safety_analysis)) int f(void);",
        '__attribute__((no_sanitize("all"))) int f(void);',
        '__attribute__((no_sanitize\n("address"))) int f(void);',
        'const char *s = "\\"x"; __attribute__((no_sanitize("address"))) int f(void);',
        "char q = '\"'; __attribute__((no_sanitize_address)) int f(char q) { return q == '\"'; }",
    ],
)
def test_an_attribute_is_found_with_its_line(text: str) -> None:
    assert find_refusal(f'{HEAD}# 7 "/work/main.c" 2\nint a;\n{text}\n', "address") == ("main.c", 8)


@pytest.mark.parametrize(
    "text",
    [
        "int sanitize(void);",
        'const char *s = "no_sanitize_address";',
        'const char *s = "no_sanitize(\\"address\\")";',
        '__attribute__((no_sanitize("thread"))) int f(void);',
        '__attribute__((no_sanitize("shift"))) int f(void);',
        "__attribute__((no_sanitize_thread)) int f(void);",
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    assert find_refusal(f'{HEAD}# 7 "/work/main.c" 2\n{text}\n', "address") is None


def test_only_a_source_that_could_have_one_is_looked_at() -> None:
    assert not may_refuse(b'#include <stdio.h>\nint main(void) { puts("clean"); }\n')
    assert may_refuse(b"no_sani\\\r\ntize")
    assert may_refuse(b"#define A(x) no_sani%:%:x")
