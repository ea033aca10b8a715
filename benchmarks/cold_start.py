"""Measures the time from the start of a process to its first name, and its peak memory, beside
torch.

A launcher, an interpreter with nothing loaded, starts each process. It reads the first line of the
process and its peak of resident memory. If this program started a process itself, its own memory
would count towards the peak.
"""

import json
import statistics
import subprocess
import sys

from benchmarks.report import table, verdict
from model.files import ROOT

REPEATS = 9
SECONDS_TARGET, MEMORY_TARGET = 0.25, 1 / 3
LAUNCHER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
line = process.stdout.readline()
seconds = time.perf_counter() - begun
process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
if status or not line.strip():
    sys.exit("no name")
print(json.dumps([seconds, usage.ru_maxrss]))
"""
PROGRAMS = {
    "ours": ("-m", "model", "sample", "dino", "--count", "1", "--seed", "7"),
    "torch": ("-m", "benchmarks.torch_name", str(ROOT / "checkpoints" / "dino")),
    "numpy alone": ("-c", "import numpy; print(0)"),
}


def report(repeats: int) -> str:
    """Measure, and return the table."""
    starts: dict[str, list[tuple[float, float]]] = {name: [] for name in PROGRAMS}
    for number in range(repeats + 1):
        for name, arguments in PROGRAMS.items():
            start = _launch(arguments)
            if number:  # the first start reads cold disks and compiles
                starts[name].append(start)
    medians = [map(statistics.median, zip(*found, strict=True)) for found in starts.values()]
    seconds, memory = zip(*medians, strict=True)
    share = memory[0] / memory[1]
    rows = [
        (
            "seconds to the first name",
            *(f"{each:.3f}" for each in seconds),
            f"≤ {SECONDS_TARGET} s",
            verdict(-seconds[0], -SECONDS_TARGET),
        ),
        (
            f"peak memory, MiB (ours is {share:.0%})",
            *(f"{each:.0f}" for each in memory),
            "≤ 1/3",
            verdict(-share, -MEMORY_TARGET),
        ),
    ]
    body = table(("cold start", *PROGRAMS, "target", ""), rows)
    return f"## Cold start to the first name\n\n{body}"


def _launch(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Start a Python program once; return seconds to its first line, and mebibytes at the peak."""
    command = [sys.executable, "-I", "-S", "-c", LAUNCHER, sys.executable, *arguments]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    seconds, memory = json.loads(result.stdout)
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes
    return seconds, memory / unit
