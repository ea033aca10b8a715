"""The child of a run: it trains, draws and compares, and ends with its workers when its standard
input ends.

So the child cannot outlive the bot, however the bot ends: the system closes the pipe, and the child
kills its process group. Each byte of the input is a signal that the child gives itself, because no
process on Windows signals another.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from bot.training.folder import CURVES, NAMES, NEW, START, log_of, read_run
from model.__main__ import app
from model.cli import FINISH
from model.cli.loading import read_texts
from model.errors import MangosaurusError
from model.evaluation.comparison import compare
from model.evaluation.held_out import document_scores
from model.text.forms import Network
from model.text.sources import names_corpus
from model.training.history import read_history
from model.weights.checkpoint import CheckpointError
from model.weights.versions import Versions, load

FEWEST_MEASUREMENTS = 2
"""A picture of fewer measurements has no curve."""


def main(folder: Path, weights: Path) -> int:
    """Carry out the run in `folder`, compare its weights with the current ones in `weights`, return
    the exit code.
    """
    run = read_run(folder)
    network, new = "dino" if run.form == "names" else "poem", folder / NEW
    corpus = ["--corpus", str(weights / "text.txt")] if run.is_voice else []
    threads = ["--threads", str(run.threads)]
    if not new.exists():
        start = ["--from", str(folder / START), "--changing"] if (folder / START).exists() else []
        if run.names:
            (folder / NAMES).write_text(run.names, encoding="utf-8")
            start += ["--also", str(folder / NAMES)]
        alphabet = ["--alphabet", "own"] if run.is_voice and not start else []
        options = [
            "--seed",
            str(run.seed),
            *threads,
            *([] if run.minutes is None else ["--minutes", str(run.minutes)]),
        ]
        code = _call(
            "train", network, "--out", str(new), *options, *start, *alphabet, *corpus, "--json"
        )
        if code:
            return code
    with contextlib.suppress(MangosaurusError):  # the verdict does not depend on the picture
        if np.isfinite(read_history(log_of(folder)).held_out_loss).sum() >= FEWEST_MEASUREMENTS:
            _call("plot", str(log_of(folder)), "--out", str(folder / CURVES))
    versions = Versions(weights)
    with contextlib.suppress(CheckpointError):
        old = versions.load_current()
        if (
            not run.is_voice or old.description.corpus == load(new).description.corpus
        ):  # else it has another text now
            print(json.dumps({"event": "comparing", "old": old.version}), flush=True)
            paths = versions.path(old.version), new
            _compare(Network(network), weights / "text.txt" if run.is_voice else None, paths)
            count = "5" if run.form == "names" else "1"
            for path in map(str, paths):  # to be seen side by side
                _call(
                    "sample",
                    network,
                    "--checkpoint",
                    path,
                    "--count",
                    count,
                    "--seed",
                    str(run.seed),
                    "--json",
                )
            if run.names:
                _tell_surprise(run.names, paths)
    return 0


def _compare(network: Network, text: Path | None, paths: Sequence[Path]) -> None:
    """Tell the losses of the old and the new weights, and whether the new ones are better."""
    old, new = map(load, paths)
    result = compare(
        old, new, read_texts(network, [text] if text else None, new.vocabulary.alphabet)
    )
    print(json.dumps(asdict(result) | {"better": result.better}), flush=True)


def _tell_surprise(names: str, paths: Sequence[Path]) -> None:
    """Tell the losses of the old and the new weights on names, one a line, in nats
    per character.
    """
    corpus = replace(names_corpus(), held_out=tuple(names.split("\n")))
    scores = (document_scores(load(path), corpus) for path in paths)
    old, new = (nats.sum() / characters.sum() for nats, characters in scores)
    print(json.dumps({"event": "surprise", "old": old, "new": new}), flush=True)


def _call(*arguments: str) -> int:
    """Run a command of `python -m model` in this process, and return its exit code."""
    try:
        return int(app(arguments, prog_name="python -m model", standalone_mode=False) or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1


def _listen() -> None:
    while told := os.read(0, 1 << 10):
        for number in told:
            signal.raise_signal(number)
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)  # on Windows, where it has no workers


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    signal.signal(FINISH, signal.SIG_IGN)  # until a training runs, there is nothing to finish
    threading.Thread(target=_listen, daemon=True).start()
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
