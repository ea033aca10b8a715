"""Measure, and write the results into results.md: python -m benchmarks NAME ...

bot, overload, stops and units measure the bot; cold_start, sampling, texts and training measure the
networks beside torch; island measures the assignment. bot, and the four beside torch, need more
packages: pip install '.[bench]'.
"""

import argparse
from importlib import import_module

from threadpoolctl import threadpool_limits

from benchmarks.report import machine, refuse_if_busy, write_section

BENCHES = (
    "bot",
    "cold_start",
    "island",
    "overload",
    "sampling",
    "stops",
    "texts",
    "training",
    "units",
)


def main() -> None:
    """Run the benches that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure.")
    parser.add_argument(
        "names", nargs="+", choices=BENCHES, metavar="NAME", help="; ".join(BENCHES)
    )
    parser.add_argument("--repeats", type=int, help="rounds; by default each bench has its own")
    parser.add_argument("--dry", action="store_true", help="print only, even on a busy machine")
    given = parser.parse_args()
    if not given.dry:
        refuse_if_busy()
    for name in given.names:
        try:
            bench = import_module(f"benchmarks.{name}")
        except ModuleNotFoundError as error:
            raise SystemExit(f"{error.name} is not installed: pip install '.[bench]'") from error
        repeats = given.repeats or bench.REPEATS
        with threadpool_limits(1, user_api="blas"):
            found = bench.report(repeats)
        body = f"{found}\n\n`python -m benchmarks {name}`, {repeats} rounds. {machine()}."
        print(f"\n{body}\n", flush=True)
        if not given.dry:
            write_section(name, body)


if __name__ == "__main__":
    main()
