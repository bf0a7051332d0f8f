"""The result as JSON, schema `grader.result/1`: what other programs build on, so its keys are fixed."""

import json
from collections.abc import Mapping

from grader.findings import Finding
from grader.reports.text import json_without_ci_commands, without_surrogates
from grader.result import BuildReport, CheckResult, Diagnostic, Environment, Result, plain_number

SCHEMA = "grader.result/1"

JsonObject = dict[str, object]


def render(result: Result) -> str:
    """One JSON object, in ASCII so that it passes through any locale, ending in a newline."""
    # An infinity or NaN is no JSON: refused here rather than by whoever reads the file.
    return json_without_ci_commands(json.dumps(_clean(result_object(result)), indent=2, allow_nan=False)) + "\n"


def result_object(result: Result) -> JsonObject:
    """The object that `render` writes, as JSON values."""
    return {
        "schema": SCHEMA,
        "assignment": result.assignment,
        "submission": {"name": result.submission, "digest": result.digest},
        "status": result.status.value,
        "reason": result.reason or None,
        "score": plain_number(result.score),
        "max_score": plain_number(result.max_score),
        "checks": [_check(check) for check in result.checks],
        "build": None if result.build is None else _build(result.build),
        "environment": None if result.environment is None else _environment(result.environment),
    }


def finding_object(finding: Finding) -> JsonObject:
    """A finding as JSON values; keys that do not apply are null."""
    source = finding.source
    return {
        "kind": finding.kind.value,
        "process": finding.process,
        "pid": finding.pid,
        "fd": finding.fd,
        "resource": finding.resource,
        "message": finding.message,
        "source": None if source is None else {"file": source.file, "line": source.line},
        "evidence": dict(finding.evidence),
    }


def _check(check: CheckResult) -> JsonObject:
    return {
        "id": check.id,
        "title": check.title,
        "points": plain_number(check.points),
        "max_points": plain_number(check.max_points),
        "outcome": check.outcome.value,
        "message": check.message,
        "findings": [finding_object(finding) for finding in check.findings],
        "duration_s": round(check.duration_seconds, 3),
        "visible": check.visible,
    }


def _build(build: BuildReport) -> JsonObject:
    return {
        "ok": build.ok,
        "log": build.log,
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in build.diagnostics],
    }


def _diagnostic(diagnostic: Diagnostic) -> JsonObject:
    return {
        "file": diagnostic.file or None,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "option": diagnostic.option or None,
        "quote": diagnostic.quote or None,
    }


def _environment(environment: Environment) -> JsonObject:
    return {"grader": environment.grader, "image": environment.image, "kernel": environment.kernel}


def _clean(value: object) -> object:
    # A lone surrogate is legal in Python's JSON but refused by strict readers.
    match value:
        case str():
            return without_surrogates(value)
        case Mapping():
            return {without_surrogates(str(key)): _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
        case _:
            return value
