"""Grades C programs of systems-programming courses by what the kernel says about them."""

__version__ = "0.1.0"
