# `make demo` grades a submission on a machine that has nothing but Python, make and root; `make test` is the gate.

DEMO_ASSIGNMENT ?= assignments/pipeline
DEMO_BUG ?= $(DEMO_ASSIGNMENT)/bugs/parent_keeps_write_ends

.PHONY: setup demo test lint browser bench clean

setup:
	@sandbox/image/setup.sh

# Exit status 1 is a verdict, too: graded, and some check failed.
demo: setup
	.venv/bin/grader grade $(DEMO_ASSIGNMENT) $(DEMO_ASSIGNMENT)/solution
	.venv/bin/grader grade $(DEMO_ASSIGNMENT) $(DEMO_BUG) || [ $$? -eq 1 ]

lint: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

# Tests look at the pages as a browser renders them.
browser: setup
	@sandbox/image/setup.sh browser

# The shipped assignments are validated last and by twos: validate keeps the processors busy by itself, mostly.
test: lint browser
	.venv/bin/pytest -n 3 --dist loadfile --ignore=tests/docker/test_shipped_assignments.py
	.venv/bin/pytest -n 2 tests/docker/test_shipped_assignments.py

bench: setup
	.venv/bin/python -m bench

clean:
	rm -rf .venv *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
