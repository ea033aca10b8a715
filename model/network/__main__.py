"""Trains a network on a list of names and invents more of them: `python -m model.network --cell
gru`.
"""

import argparse
import time
from contextlib import suppress
from math import inf
from pathlib import Path

from numpy.random import default_rng

from model.network.network import LanguageModel
from model.network.parameters import CELLS, Architecture
from model.network.train import LETTERS, held_out_loss, read_names, sample, train

MODEL = Path(__file__).resolve().parents[1]
DINOSAURS = (MODEL / "share" if (MODEL / "share").is_dir() else MODEL.parent) / "data" / "dinos.txt"


def main(arguments: list[str] | None = None) -> None:
    """Train for some minutes, or until Ctrl-C is pressed, and print both losses and five names
    every few seconds.
    """
    parser = argparse.ArgumentParser(prog="python -m model.network", description=__doc__)
    parser.add_argument(
        "names", nargs="?", type=Path, default=DINOSAURS, help="a file with one name a line"
    )
    parser.add_argument("--cell", choices=CELLS, default="lstm")
    parser.add_argument("--hidden", type=int, default=128, help="how many hidden units")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        training, held_out = read_names(options.names)
        architecture = Architecture(options.cell, len(LETTERS), options.hidden)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    generator = default_rng(options.seed)
    best = language_model = LanguageModel.initialise(architecture, generator)
    lowest, started, reported = inf, time.monotonic(), -inf
    with suppress(KeyboardInterrupt):
        for training_loss in train(language_model, training, generator):
            if (loss := held_out_loss(language_model, held_out)) < lowest:
                best, lowest = language_model.copy(), loss
            seconds = time.monotonic() - started
            is_over = seconds >= 60 * options.minutes
            if is_over or seconds > reported + 5:
                names = [sample(best, generator) or "(nothing)" for _ in range(5)]
                reported = seconds
                losses = f"loss {training_loss:.2f}, held out {loss:.2f}, at best {lowest:.2f}"
                print(f"{seconds:3.0f} s  {losses}  {', '.join(names)}", flush=True)
            if is_over:
                break
    print(f"The best held-out loss is {lowest:.3f} nats per character.")


if __name__ == "__main__":
    main()
