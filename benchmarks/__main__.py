"""Measure, and write results.md: python -m benchmarks [NAME ...].

The names are cold_start, island, retraining, sampling, sonnets, training, databases,
page, splits, scratch, texts and voices. Without a NAME, all run except the last six: databases
takes ten minutes, page needs the environment of make test-browser, splits takes half an hour,
scratch a quarter of an hour, texts three hours, and voices half an hour. Some need torch: pip
install '.[bench]'. The bot has a bench of its own, python -m benchmarks.bot, and python -m
benchmarks.texts and benchmarks.voices can measure a part of theirs.
"""

import argparse
from importlib import import_module
from importlib.util import find_spec

from benchmarks.report import machine, refuse_if_busy, write_section
from benchmarks.timing import Effort

# Cold starts come first: they start processes, which is quicker while ours is small.
USUAL = ("cold_start", "island", "retraining", "sampling", "sonnets", "training")
BENCHES = (*USUAL, "databases", "page", "splits", "scratch", "texts", "voices")
BESIDE_TORCH = {"cold_start", "sampling", "texts", "training", "voices"}


def main() -> None:
    """Run the benches named on the command line."""
    chosen, effort, keep = _arguments()
    beside_torch = [name for name in chosen if name in BESIDE_TORCH]
    if beside_torch and find_spec("torch") is None:
        raise SystemExit(
            f"{', '.join(beside_torch)}: torch is not installed: pip install '.[bench]'"
        )
    if keep:
        refuse_if_busy()
    for name in chosen:
        body = (
            f"{import_module(f'benchmarks.{name}').report(effort)}\n\n{machine()}. At most"
            f" {effort.repeats} rounds."
        )
        print(f"\n{body}\n", flush=True)
        if keep:
            write_section(name, body)


def _arguments() -> tuple[tuple[str, ...], Effort, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure beside torch and a textbook."
    )
    parser.add_argument(
        "benches",
        nargs="*",
        metavar="BENCH",
        help=f"{', '.join(BENCHES)}; without any, all but the last six",
    )
    parser.add_argument(
        "--repeats", type=int, default=Effort.repeats, help="rounds of each comparison"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the larger sizes")
    parser.add_argument("--dry", action="store_true", help="print only, even on a busy machine")
    given = parser.parse_args()
    if unknown := set(given.benches) - set(BENCHES):
        parser.error(
            f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}"
        )
    if given.repeats < 1:
        parser.error(f"--repeats is {given.repeats}; it is at least 1")
    return tuple(given.benches or USUAL), Effort(given.repeats, quick=given.quick), not given.dry


if __name__ == "__main__":
    main()
