"""/retrain: how a training goes, how it ends, and what can be done about it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bot.conversation.texts.markup import cut, duration, escape
from bot.training.commands import Reason
from model.evaluation.comparison import WORTHWHILE, digits_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.training.commands import RetrainingError
    from bot.training.lessons import Lesson
    from bot.training.reporting import TrainingProgress
    from bot.training.retraining import Outcome

LONGEST_SAMPLE = 200
BAR, CURVE_POINTS = 20, 16
"""Characters. With labels and figures, a line has 31: more do not fit on the screen of a phone."""

RETRAIN_USAGE = (
    "Tell me which network to train and, if you like, for how many minutes: <code>/retrain dino</code>, "
    "<code>/retrain poem 10</code>. It goes on from the weights that serve; <code>/retrain dino fresh</code> begins "
    "from nothing."
)
TRAINING_BUTTONS = {"finish": "Stop and keep the best", "cancel": "Cancel", "on": "Go on", "drop": "Drop"}
UNDO = "Undo"
TRAINING_CHOICES = {
    "finish": "I'm stopping. Let's see how good the best weights are.",
    "cancel": "I'm cancelling it.",
    "on": "I'm going on.",
    "drop": "Dropped.",
}
"""Notices for the one who presses."""
TRAINING_OVER = "That training is over already."
_UNCHANGED = "Everything stays as it was."
TRAINING_DROPPED = f"I dropped the interrupted training. {_UNCHANGED}"
TRAINING_ELSEWHERE = "This training is going on already."
NOTHING_TO_GO_ON = "Nothing is left of this training to go on from."
PROMOTION_OVER = "There is nothing to undo any more: another version serves by now."

_STAGES = {
    "names": {
        "pretrain": "reading other animals' names",
        "tune": "reading the dinosaurs",
        "distil": "learning from its teachers",
        "names": "reading the names",
        "again": "one more round",
    },
    "verse": {"pretrain": "reading the plays", "tune": "reading the sonnets", "again": "one more round"},
}
_REASONS = {
    Reason.ELSEWHERE: "It is going on already.",
    Reason.HUNG: "It hung, so I ended it.",
    Reason.NO_LOSS: "It ended without saying how good the new weights are.",
    Reason.KILLED: "It was killed by signal {detail}; 9 often means that memory ran out.",
    Reason.EXITED: "It ended with exit code {detail}.",
    Reason.FAILED: "It failed: {detail}.",
}


def minutes_range(longest: float) -> str:
    """Explain how long a training can take."""
    return f"A training can take up to {longest:g} minutes, for example <code>/retrain dino 5</code>."


def already_training(title: str) -> str:
    """Say that there is one training at a time."""
    return f"I'm still training <b>{escape(title)}</b>. Please ask again when that is done."


def training_begins(lesson: Lesson) -> str:
    """Open the message that shows a training."""
    time = "" if lesson.minutes is None else f" for about {_minutes(lesson.minutes)}"
    start = " from nothing" if lesson.fresh else ""
    return f"Training {_title(lesson)}{start}{time}. You can watch it here."


def training(lesson: Lesson, progress: TrainingProgress) -> str:
    """Show how far a training is, its curves beside what they are to beat, and its newest sample."""
    table = [
        f"{_bar(progress.fraction)} {min(max(progress.fraction, 0), 1):4.0%}",
        _row("training", progress.training_loss, progress.training_curve),
        _row("held out", progress.held_out_loss, progress.held_out_curve),
        _row("best", progress.best_held_out_loss),
        _row("serving", progress.serving_loss),
        _row("n-gram", progress.ngram_loss),
    ]
    shown = "\n".join(filter(None, table))
    lines = [
        f"Training {_title(lesson)}, {_stage(lesson, progress.stage)}",
        f"<pre>{shown}</pre>",
        f"{progress.characters_per_second:,.0f} characters a second{_time_left(progress.seconds_left)}",
        f"<i>{escape(cut(progress.sample.strip(), LONGEST_SAMPLE))}</i>" if progress.sample else "",
    ]
    return "\n".join(filter(None, lines))


def trained(lesson: Lesson, outcome: Outcome, *, served: bool) -> str:
    """Say how a training ended. A network that was missing at the start is not `served` by its new weights."""
    old_loss = outcome.new_loss if outcome.old_loss is None else outcome.old_loss
    digits = digits_for(old_loss, outcome.new_loss)
    before = "" if outcome.old_loss is None else f", {old_loss:.{digits}f} before"
    losses = f"{outcome.new_loss:.{digits}f} nats per character on held-out text{before}"
    result = f"{training_over(lesson, outcome)[:-1]}, and it"
    if outcome.promoted:
        how = "can write" if outcome.old_loss is None else "improved"
        use = "writes from now on" if served else "is ready; restart me to use it"
        return f"{result} {how}: {losses}. Version <code>{outcome.version}</code> {use}."
    if outcome.old_loss is None or outcome.new_loss >= outcome.old_loss:
        return f"{result} didn't improve: {losses}. I'm keeping the old weights."
    is_luck = outcome.old_loss - outcome.new_loss <= outcome.margin
    luck = f"A difference of {outcome.margin:.{digits}f} can be luck"
    reason = luck if is_luck else f"Less than {WORTHWHILE:g} isn't worth a change"
    return f"{result} barely improved: {losses}. {reason}, so I'm keeping the old weights."


def training_over(lesson: Lesson, outcome: Outcome) -> str:
    """Close the message that showed a training."""
    early = ", stopped early" if outcome.early else ""
    return f"Trained {_title(lesson)} in {duration(outcome.seconds)}{early}."


def training_failed(lesson: Lesson, error: RetrainingError) -> str:
    """Say why a training brought no new weights."""
    if error.reason is Reason.BUSY:
        return already_training(error.detail)
    title = _title(lesson)
    if error.reason is Reason.CANCELLED:
        return f"The training of {title} is cancelled. {_UNCHANGED}"
    if error.reason is Reason.STOPPED:
        return f"I was stopped while I was training {title}. If the training can go on, I'll ask you when I'm back."
    reason = _REASONS[error.reason].format(detail=escape(_detail(lesson, error.detail)))
    return f"The training of {title} brought nothing new. {reason} {_UNCHANGED}"


def training_broke(lesson: Lesson) -> str:
    """Say that a training ended by an error that nobody foresaw."""
    return (
        f"The training of {_title(lesson)} brought nothing new. Something of mine went wrong, sorry; my operator's log "
        f"says what. {_UNCHANGED}"
    )


def training_offered(lesson: Lesson, done: float | None) -> str:
    """Say at a start that the last run ended during a training, which can go on."""
    where = "while I was" if done is None else f"{done:.0%} of the way through"
    return f"I was stopped {where} training {_title(lesson)}. Shall I go on from there?"


def training_lost(title: str) -> str:
    """Say at a start that the last run ended during a training, of which nothing is left."""
    return (
        f"I was stopped while I was training <b>{escape(title)}</b>, and nothing is left to go on from. "
        "<code>/retrain</code> starts over."
    )


def undone(title: str, version: str) -> str:
    """Say which version serves after an undo."""
    return f"Undone: version <code>{version}</code> of <b>{escape(title)}</b> writes again."


def curve(losses: Sequence[float]) -> str:
    """Draw losses as a line of blocks, the newest at the right; each block is the mean of its share."""
    width = min(len(losses), CURVE_POINTS)
    edges = [len(losses) * point // width for point in range(width + 1)]
    means = [sum(losses[a:b]) / (b - a) for a, b in pairwise(edges)]
    lowest, height = min(means), max(means) - min(means)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (mean - lowest) / height) if height else 0] for mean in means)


def _detail(lesson: Lesson, detail: str) -> str:
    """Return a complaint of the command line with a way out that is one in a chat."""
    way_out = "send me its text again" if lesson.corpus else "add fresh to the command, to begin from nothing"
    return detail.rstrip(".").replace("train without --from", way_out)


def _title(lesson: Lesson) -> str:
    return f"<b>{escape(lesson.title)}</b>"


def _row(label: str, loss: float | None, losses: Sequence[float] = ()) -> str:
    if loss is None:
        return ""
    return f"{label:<8} {loss:.3f} {curve(losses) if len(losses) > 1 else ''}".rstrip()


def _stage(lesson: Lesson, name: str) -> str:
    """Say what the network is doing; "teacher 1, pretrain" is a stage of another network that it will learn from."""
    *teacher, stage = name.split(", ")
    said = _STAGES[lesson.form].get(stage, stage)
    return escape(", ".join([*teacher, said]))


def _bar(fraction: float) -> str:
    done = round(BAR * min(max(fraction, 0), 1))
    return "█" * done + "░" * (BAR - done)


def _minutes(minutes: float) -> str:
    return "a minute" if minutes == 1 else f"{minutes:g} minutes"


def _time_left(seconds: float | None) -> str:
    return "" if seconds is None else f", {duration(seconds)} left"
