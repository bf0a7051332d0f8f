"""Preprocessed C as tokens: which are the student's, brackets, expressions, function definitions. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_LINE_MARK = re.compile(r'^# \d+ "(?P<file>(?:[^"\\]|\\.)*)"(?P<flags>(?: \d)*)$')

_SYSTEM_HEADER = "3"
"""Also what a macro of a system header expands to has that flag, then with the student's own file."""

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[A-Za-z_]\w*|\d[\w.]*|==|!=|<=|>=|->|&&|\|\||\S')

NAME = re.compile(r"[A-Za-z_]\w*")

_OPENING, _CLOSING = "([{", ")]}"

_MAX_TOKENS, _MAX_DEPTH = 500_000, 256
"""What no honest program exceeds, and a hostile one does not compute for long with."""


class UnreadableSourceError(Exception):
    """A source is too large, or its brackets are too deep, to be read for handlers."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition in the tokens: its parameters, and where its body begins and ends."""

    name: str
    parameters: tuple[str, ...]
    start: int
    end: int


def own_tokens(preprocessed: str) -> list[str]:
    """The tokens of a preprocessed source without those of the system's headers; strings are left out."""
    kept = []
    from_system = False
    for line in preprocessed.splitlines():
        if _LINE_MARK.match(line):
            from_system = is_of_the_system(line)
        elif not from_system and not line.startswith("#"):
            kept.append(line)
    return [token for token in _TOKEN.findall("\n".join(kept)) if not token.startswith(('"', "'"))]


def refuse_monsters(files: Mapping[str, Sequence[str]]) -> None:
    for name, tokens in files.items():
        depth = deepest = 0
        for token in tokens:
            depth += (token in _OPENING) - (token in _CLOSING)
            deepest = max(deepest, depth)
        if len(tokens) > _MAX_TOKENS or deepest > _MAX_DEPTH:
            raise UnreadableSourceError(f"{name} is too large or too deeply nested to be searched for signal handlers")


def is_of_the_system(mark: str) -> bool:
    """Whether what follows a line mark comes from a system's header, see the manual of cpp, "Preprocessor Output"."""
    match = _LINE_MARK.match(mark)
    return match is not None and _SYSTEM_HEADER in match["flags"].split() and match["file"].startswith("/")


def expression_at(tokens: Sequence[str], start: int) -> Sequence[str]:
    """The tokens up to the comma, semicolon or bracket that ends the expression."""
    depth = 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
        if depth < 0 or (depth == 0 and token in (",", ";")):
            return tokens[start:position]
    return tokens[start:]


def arguments_at(tokens: Sequence[str], opening: int) -> list[Sequence[str]]:
    """The arguments of a call, or the parameters of a definition, whose bracket is at `opening`."""
    arguments = []
    position = opening + 1
    while position < len(tokens) and tokens[position - 1] != ")":
        argument = expression_at(tokens, position)
        arguments.append(argument)
        position += len(argument) + 1
    return arguments


def functions_in(tokens: Sequence[str]) -> Iterator[Function]:
    """Every function definition: at the outermost level a name, its parameters in brackets, and a body."""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token in _OPENING:
            position += 1 + len(inside_bracket(tokens, position + 1))
        elif NAME.fullmatch(token) and position + 1 < len(tokens) and tokens[position + 1] == "(":
            inner = inside_bracket(tokens, position + 2)
            end = _after_declarator(tokens, position + 3 + len(inner))
            if end < len(tokens) and tokens[end] == "{":
                body = inside_bracket(tokens, end + 1)
                parameters = tuple(map(_parameter, arguments_at(tokens, position + 1)))
                yield Function(token, parameters, end, end + 1 + len(body))
                position = end + 1 + len(body)
            else:
                position += 1 if inner and inner[0] == "*" else 2 + len(inner)
        position += 1


def _after_declarator(tokens: Sequence[str], position: int) -> int:
    """Behind the rest of a declarator such as `void (*Signal(int number, handler_t *handler))(int)`."""
    while position < len(tokens) and tokens[position] == ")":
        position += 1
        if position < len(tokens) and tokens[position] == "(":
            position += 2 + len(inside_bracket(tokens, position + 1))
    return position


def inside_bracket(tokens: Sequence[str], start: int) -> Sequence[str]:
    """The tokens inside a bracket that was opened just before `start`."""
    depth = 1
    for position in range(start, len(tokens)):
        depth += (tokens[position] in _OPENING) - (tokens[position] in _CLOSING)
        if depth == 0:
            return tokens[start:position]
    return tokens[start:]


def _parameter(declaration: Sequence[str]) -> str:
    """The name that a parameter's declaration declares: `handler` of `void (*handler)(int)`."""
    for position, token in enumerate(declaration):
        if token == "(" and list(declaration[position + 1 : position + 2]) == ["*"]:
            inner = [word for word in inside_bracket(declaration, position + 1) if NAME.fullmatch(word)]
            return inner[-1] if inner else ""
    names = [token for token in declaration if NAME.fullmatch(token)]
    return names[-1] if names else ""
