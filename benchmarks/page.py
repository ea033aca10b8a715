"""Measures the page in Chromium: how soon it is painted, how large it is, and how long an answer
takes from Enter on.

`make test-browser` makes the environment that this bench needs; then run
`.venv-browser/bin/python -m benchmarks page`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.report import table, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.timing import Effort

ANSWERS = 300
LONGEST_PAINT, LARGEST_PAGE, LONGEST_ANSWER = 500.0, 60_000, 50.0
"""The targets, in milliseconds, bytes and milliseconds."""
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    const [painted] = list.getEntriesByName('first-contentful-paint');
    if (painted) resolve(painted.startTime);
}).observe({ type: 'paint', buffered: true }))"""
SIZE = """Promise.all(['/', ...performance.getEntriesByType('resource').map((entry) => entry.name)]
    .map(async (address) => (await (await fetch(address)).arrayBuffer()).byteLength))
    .then((sizes) => sizes.reduce((sum, size) => sum + size))"""
ANSWER = """() => new Promise((resolve) => {
    const [line, log] = ['line', 'log'].map((id) => document.getElementById(id));
    const observer = new MutationObserver(() => {
        if (log.lastElementChild.matches('.mine')) return;
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - begun));
    });
    observer.observe(log, { childList: true });
    line.value = '/dino';
    const begun = performance.now();
    line.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', cancelable: true }));
})"""


def report(effort: Effort) -> str:
    """Measure, and return a section for results.md."""
    from playwright.sync_api import sync_playwright

    with served() as link, sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = (
            own if Path(own).exists() else shutil.which("chromium") or shutil.which("google-chrome")
        )
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        window = browser.new_page()
        window.goto(link)
        window.locator("article").first.wait_for()
        paints = [_painted(window) for _ in range(effort.repeats)]
        size = window.evaluate(SIZE)
        answers = [window.evaluate(ANSWER) for _ in range(50 if effort.quick else ANSWERS)]
        browser.close()
    return _section(float(np.median(paints)), int(size), answers)


def _painted(window: Any) -> float:
    window.reload()
    window.locator("article").first.wait_for()
    return float(window.evaluate(PAINT))


def _section(paint: float, size: int, answers: list[float]) -> str:
    half, slowest = np.percentile(answers, [50, 99])
    rows = [
        ("first paint, median", f"{paint:.0f} ms", "≤ 500 ms", verdict(LONGEST_PAINT, paint)),
        ("page, all files", f"{size / 1000:.1f} kB", "≤ 60 kB", verdict(LARGEST_PAGE, size)),
        ("/dino, from Enter to the answer, p50", f"{half:.1f} ms", "", ""),
        (
            "/dino, from Enter to the answer, p99",
            f"{slowest:.1f} ms",
            "≤ 50 ms",
            verdict(LONGEST_ANSWER, slowest),
        ),
    ]
    return (
        "## The page, in Chromium on the same"
        f" machine\n\n{table(('what', 'measured', 'target', ''), rows)}"
    )


@contextmanager
def served() -> Iterator[str]:
    """Serve the page with a database of its own, and yield its link."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DATABASE": str(Path(folder) / "people.db"),
            "TELEGRAM_TOKEN": "",
        }
        command = [sys.executable, "-m", "bot", "--page", "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env=environment, text=True
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                found = re.search(r"http://\S+", line)
                if found is None:
                    raise SystemExit("page: the bot did not serve its page")
                yield found[0]
            finally:
                process.terminate()
