"""The sentences that only admins read: trainings, versions, and how a voice is taught
and removed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.words.pieces import Message, said
from bot.words.sentences import duration
from model.evaluation.comparison import WORTHWHILE
from model.text.corpus import FEWEST

if TYPE_CHECKING:
    from bot.training.folder import Run
    from bot.training.progress import Progress

# Custom voices.

HOW_TO_TEACH = said(
    "To teach me a voice, send me a text file, and I'll ask what it holds: names, one a line, or"
    " poems with blank lines between. To choose the name of the voice, send it with the caption"
    " `/retrain names pokemon` or `/retrain verse keats`. `/voices old"
    " new` gives a voice another name."
)
HOW_TO_TEACH_BY_PATH = said(
    "To teach me a voice, give me the path of a text file with names, one a line, or with"
    " poems:\n`/retrain names pokemon ~/pokemon.txt`\n`/retrain verse keats"
    " ~/keats.txt`\n`/voices old new` gives a voice another name."
)
LEARN = said("Shall I learn it as the voice *{}*? Does it hold names, one a line, or verse?")
LEARN_HOW = ("names", "verse", "cancel")
LEARN_NOTHING = said("All right, I've left it alone.")
FILE_GONE = said("I don't have that file any more. Please send it again.")
REMOVE = "remove {}"
REMOVE_YES, REMOVE_NO = "Yes, remove it", "No, keep it"
VOICE_NAME = said(
    "A voice needs a name of 2 to 20 letters, digits or hyphens, in any script, such as"
    " `pokemon`. It can't be dino, poem, sonnet, names, verse or fresh, which are words"
    " of my commands."
)
RENAMED = said("It's called *{}* now: {}.")
NAME_TAKEN = said("There is a voice called *{}* already. Please choose another name.")
REMOVAL = said(
    "Do you want me to remove the voice *{}*? I'll delete its text and its weights, and the"
    " codes of what it has written will stop working. This can't be undone."
)
REMOVED = said("The voice {} is gone.")
VOICE_IS_TRAINING = said("I'm training *{}*. Cancel that first, then I can remove it.")
VOICES_FULL = said(
    "I have {} voices, and that's as many as I can keep. Remove one with /voices first."
)
VOICE_NOT_KEPT = said("I couldn't write that to the disk. The log says why.")
NO_FILE = said("I have no voice called *{}* yet, and no text to learn it from. {}")
NOT_FETCHED = said("I couldn't fetch that file. Please send it again.")
TEXT_TOO_LARGE = said(
    "Your file has {:.1f} MB, and I can take up to {:g}. Please give me a part of it."
)
TEXT_REFUSED = said("I can't learn from that: {}.")
TEXT_TOO_SMALL = said("That's too little for me to learn from. I need at least {}.")
LEAST = {
    "names": f"{FEWEST['names']:,} different names, one a line",
    "verse": f"{FEWEST['verse']:,} characters of verse",
}
HAS_OTHER_FORM = said(
    "*{}* is a voice for {}, and it stays one. Choose another name for this text, or remove"
    " the voice with /voices first."
)
LEARNING = said("I'll learn this as the voice *{}*. When I'm done, you can ask for {}.\n\n_{}_")
LEARNING_ANEW = said(
    "This is the new text of the voice *{}*. I'll learn it anew, as a new version; until then"
    " the old one stays in use, and its codes keep working.\n\n_{}_"
)

# Trainings.

RETRAIN_USAGE = said(
    "Tell me which network to train: `/retrain dino` or `/retrain poem`."
    " It goes on from the weights in use; `/retrain dino fresh` begins from nothing."
    " Names below `/retrain dino`, one a line or in a file, are read beside the"
    " dinosaurs."
)
HOW_MANY_NAMES = said(
    "I found {:,} names in that. Give me from 1 to {:,}, one a line, of up to {} letters from a"
    " to z."
)
ALREADY_TRAINING = said("I'm still training *{}*. Please ask again when that is done.")
TRAINING_OVER = said("That training is over already.")
NO_TRAINING = said("No training is running.")
FINISH, CANCEL, UNDO, USE_NEW = "Stop and compare", "Cancel", "Undo", "Use the new one all the same"
KEPT_NO_MORE = said(
    "I kept those weights for a day, and they are gone now. Another training makes new ones."
)
FINISHING = "I'm stopping. Let's see how good the best weights are."
CANCELLING = "I'm cancelling it."
TRAINING = said("I'm training *{}*: {}. In a moment you can watch it here.")
STOPPING = "stopping, to take the best weights"
COMPARING = "trying the new weights on text that they have never seen"
QUALITY = said(
    "Reading what it has never seen, it wavers between about {} letters at each step: {}{}."
)
GOOD = {"names": (8, 12), "verse": (4, 6)}
"""Between how many letters a good voice and a fair voice waver at most.

The bot's own networks: 5 and 3.
"""
TRAINING_CANCELLED = said("The training of *{}* is cancelled. Everything stays as it was.")
TRAINING_LOST = said(
    "I was stopped while I was training *{}*, and what it had learned is lost. `{}` starts over."
)
TRAINING_BROKE = said(
    "The training of *{}* brought no new weights. Something of mine went wrong, sorry; the log"
    " says what. Everything stays as it was."
)
TRAINING_ELSEWHERE = said("This training is going on already, in another process.")
FAILED = said("The training of *{}* brought no new weights: {}. Everything stays as it was.")
HUNG = "it hung, so I ended it"
NO_LOSS = "it ended without saying how good the new weights are"
OVERTAKEN = "another version came into use meanwhile"


def command(run: Run) -> str:
    """Return the command that trains a network."""
    return f"/retrain {run.form} {run.title}" if run.is_voice else f"/retrain {run.network}"


def training_begins(run: Run) -> Message:
    """Open the message of a run."""
    what = "one more round, and I stop as soon as it gets no better"
    if run.fresh:
        what = "from nothing"
        if run.is_voice:
            what = "from what I know of its letters, as long as it helps"
    if run.names:
        what += f", with {_names(run)}"
    return TRAINING.format(run.title, what)


def failed(run: Run, reason: str) -> Message:
    """Say why a run brought no new weights."""
    return FAILED.format(run.title, reason.rstrip("."))


def _quality(run: Run, loss: float) -> Message:
    """Say in plain words how good a custom voice is; nothing of the bot's own networks."""
    if not run.is_voice:
        return said(" ")
    choices = math.exp(loss)
    good, fair = GOOD[run.form]
    judgement = (
        "that's good" if choices <= good else "that's fair" if choices <= fair else "that's rough"
    )
    advice = "" if choices <= fair else ", and a longer text would help"
    return said(" {} ").format(QUALITY.format(f"{choices:.0f}", judgement, advice))


def _names(run: Run) -> str:
    return f"{len(run.names):,} names of yours" if len(run.names) > 1 else "your name"


def _surprise(run: Run, progress: Progress) -> Message:
    """Say how the new weights like the names that were given, if any were."""
    if progress.surprise is None:
        return Message()
    old, new = progress.surprise
    said = said(" The new ones find {} {} surprising: {:.4f} nats per character, {:.4f} before.")
    return said.format(_names(run), "less" if new < old else "more", new, old)


def verdict(run: Run, progress: Progress, version: str, seconds: float) -> Message:
    """Say how a run that made a version has ended."""
    new, old = progress.new_loss or 0.0, progress.old_loss
    is_same = old is not None and f"{old:.4f}" == f"{new:.4f}"
    before = "" if old is None else ", as before" if is_same else f", {old:.4f} before"
    losses = f"{new:.4f} nats per character on held-out text{before}"
    early = ", stopped early" if progress.early else ""
    trained = said("Trained *{}* in {}{}").format(run.title, duration(seconds), early)
    yours = _surprise(run, progress)
    if progress.wins:
        how = "can write" if old is None else "improved"
        return said("{}, and it {}: {}.{}Version `{}` is in use now.{}").format(
            trained, how, losses, _quality(run, new), version, yours
        )
    kept = said("I'm keeping the old weights, and the new ones for a day.{}").format(yours)
    if old is None or new >= old or is_same:
        return said("{}, and it didn't improve: {}. {}").format(trained, losses, kept)
    reason = f"Less than {WORTHWHILE:g} isn't worth a change"
    if old - new <= progress.margin:
        reason = f"A difference of up to {progress.margin:.4f} could be luck"
    return said("{}, and it barely improved: {}. {}, so {}").format(trained, losses, reason, kept)


# Versions.

MODELS_USAGE = said(
    "I have no network called *{}*. Send /models alone, `/models poem`, or "
    "`/models voice:pokemon` for a voice."
)
USE_IT, USE_ANYWAY, LEAVE_IT = "use {}", "Use it all the same", "Leave it"
IN_USE = "{} is in use now."
OTHER_TEXT = said(
    "Version `{}` of *{}* learned from another text than `{}`, which is"
    " in use. Use it all the same?"
)
WORSE = said(
    "Version `{}` of *{}* is worse: {} nats per character on held-out text;"
    " `{}`, which is in use, has {}. Use it all the same?"
)
NOT_CHANGED = said("I can't do that: {}. *{}* stays as it is.")
UNDONE = said("Undone: version `{}` of *{}* is in use again.")
UNDO_OVER = said(
    "There's nothing to undo any more: another version is in use. /models shows all of them."
)
