"""Measures the time from the start of a process to its first name, and its peak memory, beside
torch.

A launcher, which is an interpreter with nothing loaded, starts each process, and reads its first
line and its peak of resident memory. If this program started a process itself, our memory would
count towards the peak.
"""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.report import table, verdict
from benchmarks.timing import Effort
from model.files import ROOT

SECONDS_TARGET, MEMORY_TARGET = 0.25, 1 / 3
LAUNCHER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
line = process.stdout.readline()
seconds = time.perf_counter() - begun
process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps({"text": line.decode(), "seconds": seconds, "kib": usage.ru_maxrss, "failed": status != 0}))
"""
PROGRAMS = {
    "ours": ("-m", "model", "sample", "dino", "--count", "1", "--seed", "7"),
    "torch": ("-m", "benchmarks.torch_name", str(ROOT / "checkpoints" / "dino")),
    "numpy alone": ("-c", "import numpy; print(0)"),
}


@dataclass(frozen=True)
class Start:
    """One start: seconds to the first line, and mebibytes at the peak."""

    seconds: float
    mebibytes: float


def report(effort: Effort) -> str:
    """Measure, and return the table."""
    starts: dict[str, list[Start]] = {name: [] for name in PROGRAMS}
    for number in range(1 + (3 if effort.quick else effort.repeats)):
        for name, arguments in PROGRAMS.items():
            start = launch(arguments)
            if number:  # the first start reads cold disks and compiles
                starts[name].append(start)
    return f"## Cold start to the first name\n\n{_table(starts)}"


def _table(starts: dict[str, list[Start]]) -> str:
    seconds = {
        name: statistics.median(start.seconds for start in found) for name, found in starts.items()
    }
    memory = {
        name: statistics.median(start.mebibytes for start in found)
        for name, found in starts.items()
    }
    share = memory["ours"] / memory["torch"]
    header = ("cold start", *PROGRAMS, "target", "")
    rows = [
        (
            "seconds to the first name",
            *(f"{seconds[name]:.3f}" for name in PROGRAMS),
            f"≤ {SECONDS_TARGET} s",
            verdict(-seconds["ours"], -SECONDS_TARGET),
        ),
        (
            f"peak memory, MiB (ours is {share:.0%})",
            *(f"{memory[name]:.0f}" for name in PROGRAMS),
            "≤ 1/3",
            verdict(-share, -MEMORY_TARGET),
        ),
    ]
    return table(header, rows)


def launch(arguments: tuple[str, ...]) -> Start:
    """Start a Python program once."""
    command = [sys.executable, "-I", "-S", "-c", LAUNCHER, sys.executable, *arguments]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = json.loads(result.stdout)
    if found["failed"] or not found["text"].strip():
        raise SystemExit(f"{' '.join(arguments)} failed")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes
    return Start(found["seconds"], found["kib"] / unit)
