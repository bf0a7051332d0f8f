"""One module per format; each has `render(result) -> str` and prints nothing."""
