"""The frame of every HTML page: one file that needs nothing else and runs nothing, with a policy that says so."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from grader.reports.text import one_line, visible


def document(title: str, body: Iterable[str], css: str) -> str:
    """A whole HTML document; `body` is HTML already, `title` is text."""
    style_hash = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # Should escaping ever fail, the browser still runs and loads nothing.
    policy = f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'"
    content = "\n".join(body)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{line(title)}</title>
<style>{css}</style>
</head>
<body>
{content}
</body>
</html>
"""


def line(text: str) -> str:
    """Text as one line of HTML: escaped, control characters shown as escapes."""
    return escape(one_line(visible(text)))
