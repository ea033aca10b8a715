"""The sentences that only admins read: trainings, versions, and how a voice is taught
and removed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot.words.sentences import duration
from model.evaluation.comparison import WORTHWHILE
from model.text.corpus import FEWEST

if TYPE_CHECKING:
    from bot.training.folder import Run
    from bot.training.progress import Progress

# Custom voices.

HOW_TO_TEACH = Markup(
    "To teach me a voice, send me a text file, and I'll ask what it holds: names, one a line, or"
    " poems with blank lines between. To choose the name of the voice, send it with the caption"
    " <code>/retrain names pokemon</code> or <code>/retrain verse keats</code>. <code>/voices old"
    " new</code> gives a voice another name."
)
HOW_TO_TEACH_BY_PATH = Markup(
    "To teach me a voice, give me the path of a text file with names, one a line, or with"
    " poems:\n<code>/retrain names pokemon ~/pokemon.txt</code>\n<code>/retrain verse keats"
    " ~/keats.txt</code>\n<code>/voices old new</code> gives a voice another name."
)
LEARN = Markup("Shall I learn it as the voice <b>{}</b>? Does it hold names, one a line, or verse?")
LEARN_HOW = ("names", "verse", "cancel")
LEARN_NOTHING = Markup("All right, I've left it alone.")
FILE_GONE = Markup("I don't have that file any more. Please send it again.")
REMOVE = "remove {}"
REMOVE_YES, REMOVE_NO = "Yes, remove it", "No, keep it"
VOICE_NAME = Markup(
    "A voice needs a name of 2 to 20 letters, digits or hyphens, in any script, such as"
    " <code>pokemon</code>. It can't be dino, poem, sonnet, names, verse or fresh, which are words"
    " of my commands."
)
RENAMED = Markup("It's called <b>{}</b> now: {}.")
NAME_TAKEN = Markup("There is a voice called <b>{}</b> already. Please choose another name.")
REMOVAL = Markup(
    "Do you want me to remove the voice <b>{}</b>? I'll delete its text and its weights, and the"
    " codes of what it has written will stop working. This can't be undone."
)
REMOVED = Markup("The voice {} is gone.")
VOICE_IS_TRAINING = Markup("I'm training <b>{}</b>. Cancel that first, then I can remove it.")
VOICES_FULL = Markup(
    "I have {} voices, and that's as many as I can keep. Remove one with /voices first."
)
VOICE_NOT_KEPT = Markup("I couldn't write that to the disk. The log says why.")
NO_FILE = Markup("I have no voice called <b>{}</b> yet, and no text to learn it from. {}")
NOT_FETCHED = Markup("I couldn't fetch that file. Please send it again.")
TEXT_TOO_LARGE = Markup(
    "Your file has {:.1f} MB, and I can take up to {:g}. Please give me a part of it."
)
TEXT_REFUSED = Markup("I can't learn from that: {}.")
TEXT_TOO_SMALL = Markup("That's too little for me to learn from. I need at least {}.")
LEAST = {
    "names": f"{FEWEST['names']:,} different names, one a line",
    "verse": f"{FEWEST['verse']:,} characters of verse",
}
HAS_OTHER_FORM = Markup(
    "<b>{}</b> is a voice for {}, and it stays one. Choose another name for this text, or remove"
    " the voice with /voices first."
)
LEARNING = Markup(
    "I'll learn this as the voice <b>{}</b>. When I'm done, you can ask for {}.\n\n<i>{}</i>"
)
LEARNING_ANEW = Markup(
    "This is the new text of the voice <b>{}</b>. I'll learn it anew, as a new version; until then"
    " the old one stays in use, and its codes keep working.\n\n<i>{}</i>"
)

# Trainings.

RETRAIN_USAGE = Markup(
    "Tell me which network to train: <code>/retrain dino</code> or <code>/retrain poem</code>."
    " It goes on from the weights in use; <code>/retrain dino fresh</code> begins from nothing."
    " Names below <code>/retrain dino</code>, one a line or in a file, are read beside the"
    " dinosaurs."
)
HOW_MANY_NAMES = Markup(
    "I found {:,} names in that. Give me from 1 to {:,}, one a line, of up to {} letters from a"
    " to z."
)
ALREADY_TRAINING = Markup("I'm still training <b>{}</b>. Please ask again when that is done.")
TRAINING_OVER = Markup("That training is over already.")
NO_TRAINING = Markup("No training is running.")
FINISH, CANCEL, UNDO, USE_NEW = "Stop and compare", "Cancel", "Undo", "Use the new one all the same"
KEPT_NO_MORE = Markup(
    "I kept those weights for a day, and they are gone now. Another training makes new ones."
)
FINISHING = "I'm stopping. Let's see how good the best weights are."
CANCELLING = "I'm cancelling it."
TRAINING = Markup("I'm training <b>{}</b>: {}. In a moment you can watch it here.")
STOPPING = "stopping, to take the best weights"
COMPARING = "trying the new weights on text that they have never seen"
QUALITY = Markup(
    "Reading what it has never seen, it wavers between about {} letters at each step: {}{}."
)
GOOD = {"names": (8, 12), "verse": (4, 6)}
"""Between how many letters a good voice and a fair voice waver at most.

The bot's own networks: 5 and 3.
"""
TRAINING_CANCELLED = Markup("The training of <b>{}</b> is cancelled. Everything stays as it was.")
TRAINING_LOST = Markup(
    "I was stopped while I was training <b>{}</b>, and what it had learned is lost."
    " <code>{}</code> starts over."
)
TRAINING_BROKE = Markup(
    "The training of <b>{}</b> brought no new weights. Something of mine went wrong, sorry; the log"
    " says what. Everything stays as it was."
)
TRAINING_ELSEWHERE = Markup("This training is going on already, in another process.")
FAILED = Markup("The training of <b>{}</b> brought no new weights: {}. Everything stays as it was.")
HUNG = "it hung, so I ended it"
NO_LOSS = "it ended without saying how good the new weights are"
OVERTAKEN = "another version came into use meanwhile"


def command(run: Run) -> str:
    """Return the command that trains a network."""
    return f"/retrain {run.form} {run.title}" if run.is_voice else f"/retrain {run.network}"


def training_begins(run: Run) -> Markup:
    """Open the message of a run."""
    what = "one more round, and I stop as soon as it gets no better"
    if run.fresh:
        what = "from nothing"
        if run.is_voice:
            what = "from what I know of its letters, as long as it helps"
    if run.names:
        what += f", with {_names(run)}"
    return TRAINING.format(run.title, what)


def failed(run: Run, reason: str) -> Markup:
    """Say why a run brought no new weights."""
    return FAILED.format(run.title, reason.rstrip("."))


def _quality(run: Run, loss: float) -> Markup:
    """Say in plain words how good a custom voice is; nothing of the bot's own networks."""
    if not run.is_voice:
        return Markup(" ")
    choices = math.exp(loss)
    good, fair = GOOD[run.form]
    judgement = (
        "that's good" if choices <= good else "that's fair" if choices <= fair else "that's rough"
    )
    advice = "" if choices <= fair else ", and a longer text would help"
    return Markup(" {} ").format(QUALITY.format(f"{choices:.0f}", judgement, advice))


def _names(run: Run) -> str:
    return f"{len(run.names):,} names of yours" if len(run.names) > 1 else "your name"


def _surprise(run: Run, progress: Progress) -> Markup:
    """Say how the new weights like the names that were given, if any were."""
    if progress.surprise is None:
        return Markup()
    old, new = progress.surprise
    said = Markup(" The new ones find {} {} surprising: {:.4f} nats per character, {:.4f} before.")
    return said.format(_names(run), "less" if new < old else "more", new, old)


def verdict(run: Run, progress: Progress, version: str, seconds: float) -> Markup:
    """Say how a run that made a version has ended."""
    new, old = progress.new_loss or 0.0, progress.old_loss
    is_same = old is not None and f"{old:.4f}" == f"{new:.4f}"
    before = "" if old is None else ", as before" if is_same else f", {old:.4f} before"
    losses = f"{new:.4f} nats per character on held-out text{before}"
    early = ", stopped early" if progress.early else ""
    trained = Markup("Trained <b>{}</b> in {}{}").format(run.title, duration(seconds), early)
    yours = _surprise(run, progress)
    if progress.wins:
        how = "can write" if old is None else "improved"
        return Markup("{}, and it {}: {}.{}Version <code>{}</code> is in use now.{}").format(
            trained, how, losses, _quality(run, new), version, yours
        )
    kept = Markup("I'm keeping the old weights, and the new ones for a day.{}").format(yours)
    if old is None or new >= old or is_same:
        return Markup("{}, and it didn't improve: {}. {}").format(trained, losses, kept)
    reason = f"Less than {WORTHWHILE:g} isn't worth a change"
    if old - new <= progress.margin:
        reason = f"A difference of up to {progress.margin:.4f} could be luck"
    return Markup("{}, and it barely improved: {}. {}, so {}").format(trained, losses, reason, kept)


# Versions.

MODELS_USAGE = Markup(
    "I have no network called <b>{}</b>. Send /models alone, <code>/models poem</code>, or "
    "<code>/models voice:pokemon</code> for a voice."
)
USE_IT, USE_ANYWAY, LEAVE_IT = "use {}", "Use it all the same", "Leave it"
IN_USE = "{} is in use now."
OTHER_TEXT = Markup(
    "Version <code>{}</code> of <b>{}</b> learned from another text than <code>{}</code>, which is"
    " in use. Use it all the same?"
)
WORSE = Markup(
    "Version <code>{}</code> of <b>{}</b> is worse: {} nats per character on held-out text;"
    " <code>{}</code>, which is in use, has {}. Use it all the same?"
)
NOT_CHANGED = Markup("I can't do that: {}. <b>{}</b> stays as it is.")
UNDONE = Markup("Undone: version <code>{}</code> of <b>{}</b> is in use again.")
UNDO_OVER = Markup(
    "There's nothing to undo any more: another version is in use. /models shows all of them."
)
