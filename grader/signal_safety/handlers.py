"""Finds the functions that a program installs as signal handlers, in its preprocessed source. Pure.

Nothing is parsed as C: it is enough to see what is assigned to `sa_handler` and `sa_sigaction`, and what is given to
`signal` and its like. A name there that is no function is followed: through a parameter to the callers of the
function it belongs to (a wrapper such as `Signal(SIGINT, handler)`), through a variable to what was assigned to it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from grader.signal_safety.call_graph import CallGraph
from grader.signal_safety.tokens import (
    NAME,
    Function,
    arguments_at,
    expression_at,
    functions_in,
    own_tokens,
    refuse_monsters,
)

_FIELDS = ("sa_handler", "sa_sigaction")

_INSTALLERS = {"signal": 1, "bsd_signal": 1, "sysv_signal": 1, "__sysv_signal": 1, "ssignal": 1, "sigset": 1}


def find_handlers(preprocessed: Mapping[str, str], graph: CallGraph) -> tuple[str, ...]:
    """The titles in `graph` of all handlers, from the preprocessed text of each source by its name.

    Raises UnreadableSourceError.
    """
    files = {name: own_tokens(text) for name, text in preprocessed.items()}
    refuse_monsters(files)
    installers = dict(_INSTALLERS)
    found: dict[str, None] = {}
    while True:
        known = len(installers)
        for file, tokens in files.items():
            for title in _handlers_in(file, tokens, graph, installers):
                found[title] = None
        if len(installers) == known:
            return tuple(found)


def _handlers_in(file: str, tokens: Sequence[str], graph: CallGraph, installers: dict[str, int]) -> Iterator[str]:
    functions = list(functions_in(tokens))
    starts = [function.start for function in functions]
    seen: set[tuple[str, Function | None]] = set()
    for position, expression in _installed(tokens, installers):
        before = bisect_right(starts, position)
        inside = functions[before - 1] if before and position < functions[before - 1].end else None
        for name in _names(expression):
            if (name, inside) in seen:
                continue
            seen.add((name, inside))
            yield from _resolve(name, file, tokens, graph, inside, installers)


def _resolve(
    name: str,
    file: str,
    tokens: Sequence[str],
    graph: CallGraph,
    inside: Function | None,
    installers: dict[str, int],
) -> Iterator[str]:
    if inside is not None and name in inside.parameters:
        installers.setdefault(inside.name, inside.parameters.index(name))
        return
    assigned = _assigned(tokens[inside.start : inside.end], name) if inside is not None else []
    for candidate in [name, *(other for expression in assigned for other in _names(expression))]:
        title = graph.title_of(candidate, file)
        if title is not None:
            yield title


def _installed(tokens: Sequence[str], installers: Mapping[str, int]) -> Iterator[tuple[int, Sequence[str]]]:
    """Each expression that gives a handler, and where it is."""
    for position, token in enumerate(tokens):
        following = tokens[position + 1] if position + 1 < len(tokens) else ""
        if token in _FIELDS and following == "=":
            yield position, expression_at(tokens, position + 2)
        elif token in installers and following == "(" and tokens[position - 1] not in (".", "->"):
            arguments = arguments_at(tokens, position + 1)
            if installers[token] < len(arguments):
                yield position, arguments[installers[token]]
        elif token == "sigaction" and following != "(" and tokens[position - 1] == "struct":
            yield from _first_initialiser(tokens, position + 1)


def _first_initialiser(tokens: Sequence[str], position: int) -> Iterator[tuple[int, Sequence[str]]]:
    """`struct sigaction action = {handler}`: without names the first value is the handler."""
    start = position + 2
    if list(tokens[position + 1 : start + 1]) != ["=", "{"]:
        return
    while start < len(tokens) and tokens[start] == "{":
        start += 1
    if start < len(tokens) and tokens[start] != ".":
        yield start, expression_at(tokens, start)


def _names(expression: Sequence[str]) -> Iterator[str]:
    """The names in an expression that may be its value: neither those of called functions nor members."""
    skipped_to = 0
    for position, token in enumerate(expression):
        if position < skipped_to or not NAME.fullmatch(token):
            continue
        following = expression[position + 1] if position + 1 < len(expression) else ""
        if following == "(":
            arguments = arguments_at(expression, position + 1)
            skipped_to = position + 2 + sum(len(argument) + 1 for argument in arguments)
        elif expression[position - 1] not in (".", "->") or position == 0:
            yield token


def _assigned(body: Sequence[str], name: str) -> list[Sequence[str]]:
    """What is assigned to the variable `name` in a function's body, its initial value among it."""
    values = []
    for position, token in enumerate(body):
        if token != name or body[position - 1] in (".", "->"):
            continue
        after = position + 1
        if after < len(body) and body[after] == ")":  # (*name)(int) = …
            after += 1
            if after < len(body) and body[after] == "(":
                after += 1 + sum(len(argument) + 1 for argument in arguments_at(body, after))
        if after < len(body) and body[after] == "=":
            values.append(expression_at(body, after + 1))
    return values
