"""A run while it goes on, the versions of a network, and /status."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.taboo import is_taboo
from bot.training.child import Progress
from bot.words.pieces import Message, Piece, joined, said
from bot.words.sentences import counted, cut, duration
from model.text.forms import Form

if TYPE_CHECKING:
    from bot.learned import Weights

LONGEST_LINE, LONGEST_FAULT = 60, 120
LINES_SHOWN = 6
BAR = 20  # characters: a phone shows lines of about 31
STAGES = {
    "pretrain": "reading other animals' names",
    "relatives": "reading other extinct animals' names",
    "tune": "reading the dinosaurs",
    "read": "reading Shakespeare and other poets",
    "again": "one more round",
    "names": "reading the names",
    "verse": "reading the verse",
}


def running(title: str, form: Form, progress: Progress) -> Message:
    """Show how far a run is: its losses, the losses to beat, and samples of what it writes."""
    newest, begun = progress.newest["progress"], progress.newest["started"]
    done = round(BAR * newest["fraction"])
    losses = {
        "training": newest["training_loss"],
        "held out": newest["best_held_out_loss"],
        "in use": begun["start_loss"],
        "n-gram": begun["ngram_loss"],
    }
    rows = [f"{'█' * done}{'░' * (BAR - done)} {newest['fraction']:4.0%}"]
    rows += [f"{name:<8} {loss:.3f}" for name, loss in losses.items() if loss is not None]
    rows.append(f"{duration(newest['seconds_left'])} left")
    if begun["unsaid_words"]:
        rows.append(f"{begun['unsaid_words']:,} words are read, never written: I can't say them")
    stage = STAGES.get(newest["stage"], f"reading the {form}")
    return joined(
        "\n",
        [
            said("Training *{}*, {}").format(title, stage),
            _table(rows),
            *(
                said("`step {:<6,}` _{}_").format(step, _sample(text, 1))
                for step, text in progress.samples
            ),
        ],
    )


def written(title: str, text: str) -> Message:
    """Show a sample of what a version writes."""
    return said("*{}*\n_{}_").format(title, _sample(text, LINES_SHOWN))


def versions(title: str, found: Sequence["Weights"], in_use: str) -> Message:
    """Show the versions of a network, the newest first."""
    shown = [said("*{}* has {}, the newest first").format(title, counted(len(found), "version"))]
    for version, made, is_candidate in found:
        mark = " in use" if version == in_use else ", for a day" if is_candidate else ""
        facts = f"{made.created[:10]}, {counted(made.steps, 'step')}"
        shown.append(
            said("`{}`*{}*\n{}, held-out loss {:.4f}").format(
                version, mark, facts, made.held_out_loss
            )
        )
    return joined("\n\n", shown)


def status(facts: Mapping[str, str]) -> Message:
    """Show facts in two columns: names and values."""
    width = max(map(len, facts))
    return _table([f"{name.ljust(width)}  {value}" for name, value in facts.items()])


def latency(found: tuple[float, float] | None) -> str:
    """Say how long answers take: the median and the 99th percentile."""
    if found is None:
        return "no answers yet"
    median, slowest = (
        f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" for seconds in found
    )
    return f"usually {median}; 99 of 100 take at most {slowest}"


def size(count: int) -> str:
    """Return a number of bytes in MiB."""
    return f"{count / 2**20:,.1f} MiB"


def _sample(text: str, lines: int) -> str:
    """Return the first `lines` of a sample, or "…" if the sample is empty or taboo."""
    if not text or is_taboo(text):
        return "…"
    return "\n".join(cut(line, LONGEST_LINE) for line in text.split("\n")[:lines])


def _table(rows: Sequence[str]) -> Message:
    return Message([Piece("\n".join(rows), "table")])
