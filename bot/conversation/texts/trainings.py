"""/retrain: how a training goes, and how it ends."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bot.conversation.texts.markup import cut, duration, escape
from bot.training.commands import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.training.commands import RetrainingError
    from bot.training.reporting import TrainingProgress
    from bot.training.retraining import Outcome

LONGEST_SAMPLE = 200
CURVE_POINTS = 24
BAR = 12

RETRAIN_USAGE = (
    "Tell me which network to train and, if you like, for how many minutes: <code>/retrain dino</code>, "
    "<code>/retrain poem 10</code>."
)

_STAGES = {
    "dino": {
        "pretrain": "reading other animals' names",
        "tune": "reading the dinosaurs",
        "distil": "learning from its teachers",
        "names": "reading the names",
    },
    "poem": {"pretrain": "reading the plays", "tune": "reading the sonnets"},
}
_REASONS = {
    Reason.STOPPED: "I was stopped, and the training with me.",
    Reason.HUNG: "It hung, so I ended it.",
    Reason.NO_LOSS: "It ended without saying how good the new weights are.",
    Reason.KILLED: "It was killed by signal {detail}; 9 often means that memory ran out.",
    Reason.EXITED: "It ended with exit code {detail}.",
    Reason.FAILED: "It failed: {detail}.",
}


def minutes_range(longest: float) -> str:
    """Explain how long a training can take."""
    return f"A training can take up to {longest:g} minutes, for example <code>/retrain dino 5</code>."


def already_training(network: str) -> str:
    """Say that there is one training at a time."""
    return f"I'm still training <b>{network}</b>. Please ask again when that is done."


def training_begins(network: str, minutes: float | None) -> str:
    """Open the message that shows a training."""
    time = "" if minutes is None else f" for about {minutes:g} minutes"
    return f"Training <b>{network}</b>{time}. I'll show you here how it goes."


def training(network: str, progress: TrainingProgress, losses: Sequence[float]) -> str:
    """Show how far a training is; `losses` is its curve so far, in nats per character."""
    lines = [
        f"Training <b>{network}</b>, {_stage(network, progress.stage)}",
        f"<code>{_bar(progress.fraction)}</code> {progress.fraction:.0%}{_time_left(progress.seconds_left)}",
        f"loss {progress.training_loss:.3f}{_held_out(progress)}, {progress.characters_per_second:,.0f} characters/s",
        f"<code>{curve(losses)}</code>" if len(losses) > 1 else "",
        f"<i>{escape(cut(progress.sample.strip(), LONGEST_SAMPLE))}</i>" if progress.sample else "",
    ]
    return "\n".join(filter(None, lines))


def trained(outcome: Outcome, *, served: bool) -> str:
    """Say how a training ended. A network that was missing at the start is not `served` by its new weights."""
    before = "" if outcome.old_loss is None else f", {outcome.old_loss:.4f} before"
    losses = f"{outcome.new_loss:.4f} nats per character on held-out text{before}"
    result = f"Trained <b>{outcome.network}</b> in {duration(outcome.seconds)}, and it"
    if outcome.promoted:
        use = "writes from now on" if served else "is ready; restart me to use it"
        return f"{result} improved: {losses}. Version <code>{outcome.version}</code> {use}."
    if outcome.old_loss is None or outcome.new_loss >= outcome.old_loss:
        return f"{result} didn't improve: {losses}. I'm keeping the old weights."
    luck = f"A difference of {outcome.margin:.4f} can be luck"
    return f"{result} barely improved: {losses}. {luck}, so I'm keeping the old weights."


def training_failed(network: str, error: RetrainingError) -> str:
    """Say why a training brought no new weights."""
    if error.reason is Reason.BUSY:
        return already_training(escape(error.detail))
    reason = _REASONS[error.reason].format(detail=escape(error.detail.rstrip(".")))
    return f"The training of <b>{network}</b> brought nothing new. {reason} I'm keeping the old weights."


def training_interrupted(network: str) -> str:
    """Say at a start that the last run ended during a training."""
    return (
        f"The training of <b>{network}</b> ended early because I was stopped. I'm keeping the old weights; "
        f"<code>/retrain {network}</code> starts over."
    )


def curve(losses: Sequence[float]) -> str:
    """Draw losses as a line of blocks, the newest at the right; each block is the mean of its share."""
    width = min(len(losses), CURVE_POINTS)
    edges = [len(losses) * point // width for point in range(width + 1)]
    means = [sum(losses[a:b]) / (b - a) for a, b in pairwise(edges)]
    lowest, height = min(means), max(means) - min(means)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (mean - lowest) / height) if height else 0] for mean in means)


def _stage(network: str, name: str) -> str:
    """Say what the network is doing; "teacher 1, pretrain" is a stage of another network that it will learn from."""
    *teacher, stage = name.split(", ")
    return escape(", ".join([*teacher, _STAGES[network].get(stage, stage)]))


def _bar(fraction: float) -> str:
    done = round(BAR * min(max(fraction, 0), 1))
    return "█" * done + "░" * (BAR - done)


def _held_out(progress: TrainingProgress) -> str:
    if progress.held_out_loss is None:
        return ""
    best = "" if progress.best_held_out_loss is None else f" (best {progress.best_held_out_loss:.3f})"
    return f", held out {progress.held_out_loss:.3f}{best}"


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f", {duration(seconds)} left"
