"""Measures our recipe on texts of many sizes beside torch and counting, each for the same time on
one thread.

    python -m benchmarks.texts --minutes 2 5 --texts "25,000 names" --contenders ours GRU

The texts are random names of `data/genera.txt`, and the beginning of the plays as `fetch` writes
them. A budget is CPU time, because the machine may be shared. Every result goes into a file of JSON
lines at once. A result that is there already is not measured again, so a bench that was broken off
goes on. `python -m benchmarks texts` measures all texts.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import machine, table, verdict, write_section
from benchmarks.timing import Effort
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.text.corpus import Corpus, read_names, read_verse
from model.text.encodings import read_text
from model.text.sources import DATA, GENERA, fetch
from model.threads import blas_threads
from model.training.runs import checkpoint_of
from model.training.sizes import recipe_for
from model.training.trainer import Trainer

NAMES, CHARACTERS = (120, 1_000, 4_000, 25_000), (25_000, 500_000)
MINUTES = (2.0, 5.0)
OURS, COUNTING, TORCH = "ours", "counting", ("RNN", "GRU", "transformer")
CONTENDERS = (COUNTING, OURS, *TORCH)
LOG = Path(tempfile.gettempdir()) / "mangosaurus_texts.jsonl"
GAINS = {
    ("25,000 names", 2.0): (("RNN", 0.05), ("GRU", 0.05)),
    ("500,000 characters", 2.0): (("transformer", 0.10),),
}
"""How far our loss is to be below others, in nats per character.

No loss of ours is to be above that of counting.
"""

Result = dict[str, Any]
Key = tuple[str, str, float, int]


@dataclass(frozen=True)
class Wanted:
    """What to measure, and the file of the results."""

    texts: Sequence[str]
    contenders: Sequence[str] = CONTENDERS
    minutes: Sequence[float] = MINUTES
    seed: int = 0
    log: Path = LOG

    def results(self) -> Iterator[Key]:
        """Yield text, contender, minutes and seed of each result.

        Counting takes no time, and its minutes are 0.
        """
        for text in self.texts:
            for contender in self.contenders:
                for minutes in self.minutes if contender != COUNTING else [0.0]:
                    yield text, contender, minutes, self.seed


def texts() -> dict[str, Callable[[int], Corpus]]:
    """Return the texts by name: each makes its corpus from a seed."""
    names = {f"{count:,} names": _names_of(count) for count in NAMES}
    return names | {f"{count:,} characters": _verse_of(count) for count in CHARACTERS}


def _names_of(count: int) -> Callable[[int], Corpus]:
    def corpus(seed: int) -> Corpus:
        names = read_text(GENERA).split()
        chosen = np.random.default_rng([seed, count]).choice(names, count, replace=False)
        return _read(read_names, "\n".join(chosen))

    return corpus


def _verse_of(count: int) -> Callable[[int], Corpus]:
    def corpus(_seed: int) -> Corpus:
        fetch(say=lambda _: None)
        text = read_text(DATA / "verse.txt")
        return _read(read_verse, text[: text.rindex("\n", 0, count)])

    return corpus


def _read(read: Callable[[Path], Corpus], text: str) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, encoding="utf-8")
        return read(path)


def measure(wanted: Wanted, say: Callable[[str], None]) -> None:
    """Measure what the log lacks."""
    for key in wanted.results():
        if key in read_log(wanted.log):
            continue
        text, contender, minutes, seed = key
        corpus = texts()[text](seed)
        result = {"text": text, "contender": contender, "minutes": minutes, "seed": seed} | _result(
            key, corpus
        )
        with wanted.log.open("a", encoding="utf-8") as log:
            print(json.dumps(result), file=log)
        say(
            f"{text}, {contender}, {minutes:g} minutes: {result['loss']:.4f} after"
            f" {result['seconds']:.0f} s of CPU"
        )


def _result(key: Key, corpus: Corpus) -> Result:
    _, contender, minutes, seed = key
    if contender == COUNTING:
        began = time.process_time()
        loss = counting_loss(corpus)
        return {"loss": loss, "seconds": time.process_time() - began}
    if contender == OURS:
        return _train(corpus, minutes, seed)
    from benchmarks.torch_contenders import train

    outcome = train(contender, corpus, 60 * minutes, seed)
    return vars(outcome)


def _train(corpus: Corpus, minutes: float, seed: int) -> Result:
    """Train as `train --minutes` does, with the CPU's clock."""
    began, steps = time.process_time(), 0
    with blas_threads(1):
        recipe = recipe_for(corpus, minutes=minutes)
        trainer = Trainer(recipe, corpus, seed=seed, clock=time.process_time)
        for _ in trainer.run():
            steps += 1
        spent = time.process_time() - began
        checkpoint = checkpoint_of(trainer)
        loss = held_out_loss(checkpoint.language_model, corpus)
    parameters = checkpoint.language_model.parameters.whole.size
    return {
        "loss": loss,
        "seconds": spent,
        "steps": steps,
        "parameters": parameters,
        "recipe": recipe.name,
    }


def read_log(path: Path) -> dict[Key, Result]:
    """Return the results by key. If several results have the same key, the last counts."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    results = [json.loads(line) for line in lines]
    return {
        (found["text"], found["contender"], found["minutes"], found["seed"]): found
        for found in results
    }


def results_table(found: dict[Key, Result], seed: int) -> str:
    """Return the table of all results of a seed, and whether the targets are reached."""
    rows = [_row(text, minutes, found, seed) for text in texts() for minutes in _all_minutes(found)]
    header = ("nats per character", "minutes", *CONTENDERS, "below counting", "target", "")
    return table(header, [row for row in rows if row])


def _all_minutes(found: dict[Key, Result]) -> list[float]:
    return sorted({minutes for _, contender, minutes, _ in found if contender != COUNTING})


def _row(text: str, minutes: float, found: dict[Key, Result], seed: int) -> list[str]:
    keys = {name: (text, name, 0.0 if name == COUNTING else minutes, seed) for name in CONTENDERS}
    losses = {name: found[key]["loss"] for name, key in keys.items() if key in found}
    if not losses.keys() - {COUNTING}:
        return []
    shown = [f"{losses[name]:.3f}" if name in losses else "not run" for name in CONTENDERS]
    gain = f"{losses[COUNTING] - losses[OURS]:+.3f}" if {COUNTING, OURS} <= losses.keys() else ""
    targets = ((COUNTING, 0.0), *GAINS.get((text, minutes), ()))
    judged = [
        verdict(losses[name] - losses[OURS], least)
        for name, least in targets
        if {name, OURS} <= losses.keys()
    ]
    said = ", ".join(f"{name} - {least:g}" if least else name for name, least in targets)
    reached = "" if len(judged) < len(targets) else min(judged)  # "missed" comes before "reached"
    return [text, f"{minutes:g}", *shown, gain, f"≤ {said}", reached]


def report(effort: Effort) -> str:
    """Measure everything, and return the table."""
    wanted = Wanted(list(texts()), minutes=MINUTES[: 1 if effort.quick else None])
    measure(wanted, lambda line: print(line, flush=True))
    return section(wanted)


def section(wanted: Wanted) -> str:
    """Return the section of results.md."""
    found = read_log(wanted.log)
    not_run = [
        f"{text} in {minutes:g} minutes"
        for text in texts()
        for minutes in MINUTES
        if not _row(text, minutes, found, wanted.seed)
    ]
    missing = f" Not run: {', '.join(not_run)}." if not_run else ""
    return (
        "## Any text: our recipe beside"
        f" others\n\n{results_table(found, wanted.seed)}\n\n{NOTE}{missing}"
    )


NOTE = (
    "Held-out losses. A tenth of each text is held out; all contenders have the same split, count"
    " the same characters, and keep the weights with the lowest held-out loss. Minutes: CPU time of"
    " one thread, in which a busy machine does less. Ours: `train --minutes`. torch: RNN and GRU of"
    " 128 units, a transformer of 4 layers of 64, AdamW, a cosine of the learning rate over the"
    " minutes, early stopping. Counting: interpolated modified Kneser-Ney, its order chosen on"
    " training text."
)


def main() -> None:
    """Measure what the options say, and write the section if they say so."""
    wanted, keep = _arguments()
    measure(wanted, lambda line: print(line, flush=True))
    body = f"{section(wanted)}\n\n{machine()}."
    print(f"\n{body}")
    if keep:
        write_section("texts", body)


def _arguments() -> tuple[Wanted, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.texts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--texts", nargs="+", choices=list(texts()), default=list(texts()), metavar="TEXT"
    )
    parser.add_argument(
        "--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS, metavar="NAME"
    )
    parser.add_argument(
        "--minutes", nargs="+", type=float, default=list(MINUTES), help="budgets, in CPU time"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--log", type=Path, default=LOG, metavar="FILE", help="results, one JSON object a line"
    )
    parser.add_argument("--write", action="store_true", help="write the section of results.md")
    given = parser.parse_args()
    return Wanted(given.texts, given.contenders, given.minutes, given.seed, given.log), given.write


if __name__ == "__main__":
    main()
