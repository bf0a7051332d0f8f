"""`python -m bench`: measures, prints a table, judges nothing."""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

from bench import classes, deadlock, grading, own_cost, watching
from bench.contained import YardstickError
from bench.effort import DEFAULT, QUICK
from bench.table import as_text, as_values
from grader import __version__
from sandbox.errors import SandboxError
from sandbox.image import image_name

PARTS = {
    "grading": grading.measure_grading,
    "deadlock": deadlock.measure_deadlock,
    "kinds": deadlock.measure_kinds,
    "check": own_cost.measure_own_cost,
    "classes": classes.measure_classes,
    "forks": watching.measure_forks,
    "bytes": watching.measure_bytes,
    "watch": watching.measure_deadlock_watch,
}


def main() -> int:
    """Run the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures what grading costs.")
    parser.add_argument("part", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="few repetitions: a first impression")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to FILE, too")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.part if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; the parts are {', '.join(PARTS)}")
    started = time.monotonic()
    environment = {
        "grader": __version__,
        "image": image_name(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "processors": len(os.sched_getaffinity(0)),
    }
    print("  ".join(f"{name} {value}" for name, value in environment.items()), end="\n\n")
    sections = []
    try:
        for part in arguments.part or PARTS:
            sections.append(PARTS[part](QUICK if arguments.quick else DEFAULT))
            print(as_text(sections[-1]), flush=True)
    except SandboxError as error:
        print(f"bench: {error}\n{error.advice}", file=sys.stderr)
        return 3
    except YardstickError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3
    print(f"{time.monotonic() - started:.0f} s in all; ratios are taken within each round, aims are not asserted")
    if arguments.json:
        report = {"environment": environment, "sections": as_values(sections)}
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
