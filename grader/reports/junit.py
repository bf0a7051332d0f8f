"""The result as JUnit XML for CI servers: valid against Jenkins' `junit-10.xsd`, and always well-formed.

One flat suite, for nested ones are dropped by several readers. Points stand in the suite's properties, since
the schema allows none on a test case, and again in the text of a failure.
"""

from xml.etree import ElementTree

from junit_xml import TestCase, TestSuite

from grader.reports.evidence import adds_to, facts, fraction, headline
from grader.reports.text import cut, one_line, without_ci_commands, xml_text
from grader.result import CheckResult, Outcome, Result, plain_number

# Artemis cuts feedback at 20 000 characters, GitLab refuses files over 30 MB: a hundred checks stay below.
TEXT_LIMIT = 20_000
ATTRIBUTE_LIMIT = 500

# What `junit_xml` writes beyond these, the schema does not know (`disabled`, `assertions`, …).
_ATTRIBUTES = {
    "testsuites": {"tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "skipped": {"type", "message"},
    "properties": set(),
    "property": {"name", "value"},
    "system-out": set(),
}


def render(result: Result) -> str:
    """An XML document; the same result gives the same text."""
    suite = TestSuite(
        _attribute(result.assignment),
        [_test_case(result, check) for check in result.checks],
        properties=_properties(result),
        stdout=_text(_about_the_build(result)),
    )
    element: ElementTree.Element = suite.build_xml_doc()
    root = ElementTree.Element("testsuites", element.attrib)
    root.append(element)
    _set_times(root, result)
    _drop_unknown_attributes(root)
    ElementTree.indent(root)
    document = without_ci_commands(ElementTree.tostring(root, encoding="unicode"))  # it may be printed into a job's log
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'


def _test_case(result: Result, check: CheckResult) -> TestCase:
    case = TestCase(
        _attribute(check.id),
        classname=_attribute(result.assignment),
        stdout=_text(_evidence(check)),
    )
    # `junit_xml` leaves out a failure that says nothing, so there is always something to say.
    message = check.message or "the check did not pass"
    match check.outcome:
        case Outcome.FAILED:
            kind = check.findings[0].kind.value if check.findings else "assertion"
            case.add_failure_info(_attribute(message), _text(_failure_text(check, message)), kind)
        case Outcome.SKIPPED:
            case.add_skipped_info(_attribute(message), _text(message))
        case Outcome.PASSED:
            pass
    return case


def _failure_text(check: CheckResult, message: str) -> str:
    lines = [_line(message), f"points: {fraction(check.points, check.max_points)}"]
    if check.hint:
        lines.append(f"hint: {check.hint}")
    return "\n".join(lines)


def _evidence(check: CheckResult) -> str:
    blocks = [check.transcript.strip("\n")] if check.transcript else []
    for finding in check.findings:
        message = [finding.message] if adds_to(check, finding) else []
        blocks.append("\n".join([headline(finding), *message, *map(str, facts(finding.evidence))]))
    return "\n\n".join(blocks)


def _about_the_build(result: Result) -> str:
    log = "" if result.build is None else result.build.log
    return "\n".join(part for part in (result.reason, log) if part)


def _properties(result: Result) -> dict[str, str]:
    properties = {
        "score": str(plain_number(result.score)),
        "max_score": str(plain_number(result.max_score)),
        "status": result.status.value,
        "submission": _attribute(result.submission),
        "image": "" if result.environment is None else _attribute(result.environment.image),
    }
    for check in result.checks:
        properties[_attribute(f"points.{check.id}")] = fraction(check.points, check.max_points)
    return properties


def _set_times(root: ElementTree.Element, result: Result) -> None:
    # `junit_xml` writes six decimals, where the schema allows three, and no time at all for zero.
    total = f"{result.duration_seconds:.3f}"
    root.set("time", total)
    for suite in root.iter("testsuite"):
        suite.set("time", total)
    for case, check in zip(root.iter("testcase"), result.checks, strict=True):
        case.set("time", f"{check.duration_seconds:.3f}")


def _drop_unknown_attributes(root: ElementTree.Element) -> None:
    for element in root.iter():
        for name in element.attrib.keys() - _ATTRIBUTES[element.tag]:
            del element.attrib[name]


def _line(text: str) -> str:
    return one_line(_harmless(text))


def _attribute(text: str) -> str:
    line = _line(text)
    return line if len(line) <= ATTRIBUTE_LIMIT else f"{line[:ATTRIBUTE_LIMIT]}…"


def _text(text: str) -> str:
    return cut(_harmless(text), TEXT_LIMIT)


def _harmless(text: str) -> str:
    # Jenkins and GitLab attach the file that such a mark names: a program must not choose it.
    return xml_text(text).replace("[[ATTACHMENT|", "[[ATTACHMENT |")
