"""Grades C programs of systems-programming courses by what the kernel says about them."""

__version__ = "0.1.0"

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT."""
