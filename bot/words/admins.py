"""The sentences that only admins read: runs, versions, and how a voice is taught and removed."""

from bot.chat import Button, Buttons
from bot.training.child import Progress
from bot.words.pieces import Message, said
from bot.words.sentences import VOICE_EXAMPLES, duration
from model.evaluation.comparison import WORTHWHILE
from model.text.forms import Form

# Voices.

HOW_TO_TEACH = dict.fromkeys(
    ("private", "group", "page"),
    said(
        "To teach me a voice, send me a text file with names, one a line, or with poems and blank"
        " lines between. Its caption says which, and what the voice is called: `/retrain names"
        " pokemon` or `/retrain verse keats`."
    ),
) | {
    "terminal": said(
        "To teach me a voice, give me the path of a text file with names, one a line, or with"
        " poems:\n`/retrain names pokemon ~/pokemon.txt`\n`/retrain verse keats ~/keats.txt`"
    )
}
HOW_TO_REMOVE = said("`/voices remove NAME` removes a voice.")
VOICE_NAME = said(
    "A voice needs a name of 2 to 20 letters, digits or hyphens, in any script, such as"
    " `pokemon`. It can't be dino, poem, sonnet, letters, names, verse or fresh, which are words of"
    " my commands."
)
REMOVE_YES = "yes, remove {}"
REMOVAL = said(
    "Do you want me to remove the voice *{}*? I'll delete its text and its weights. What it has"
    " written stays. This can't be undone."
)
REMOVED = said("The voice *{}* is gone.")
REMOVED_NOW = said("the voice *{}* is gone")
STAYS = said("The voice *{}* came with me, and it stays.")
VOICE_IS_TRAINING = said("I'm training *{}*. Cancel that first, then I can remove it.")
NOT_FETCHED = said("I couldn't fetch that file. Please send it again.")
TEXT_TOO_LARGE = said(
    "Your file has {:.1f} MB, and I can take up to {:g}. Please give me a part of it."
)
TEXT_REFUSED = said("I can't learn from that: {}.")
HAS_OTHER_FORM = said(
    "*{}* is a voice for {}, and it stays one. Choose another name for this text, or remove the"
    " voice with /voices first."
)

# Runs.

RETRAIN_USAGE = said(
    "Tell me which network to train: `/retrain dino` or `/retrain poem`. It goes on from the"
    " weights in use; `/retrain dino fresh` begins from nothing."
)
ALREADY_TRAINING = said("I'm still training *{}*. Please ask again when that is done.")
TRAINING_OVER = said("That training is over.")
STOP, CANCEL, USE_NEW, UNDO, TRY = "stop", "cancel", "use it all the same", "undo", "try it"
ENDING = said("All right, I'm ending it.")
TRAINING = said(
    "I'm training *{}*: {}. In a moment you can watch it here. Stop, and I take the best weights"
    " so far; cancel, and everything stays as it was."
)
FROM_NOTHING = "from nothing"
FROM_WHAT_I_KNOW = "from what I know already, as long as it helps"
ONE_ROUND = "one more round, and I stop as soon as it gets no better"
FOR_MINUTES = "from the weights in use, for {:g} minutes, or less if it gets no better"
CANCELLED = said("The training of *{}* is cancelled. Everything stays as it was.")
FAILED = said("The training of *{}* brought no new weights: {}. Everything stays as it was.")
BROKE = "something of mine went wrong, sorry; the log says what"
TRAINED = said("Trained *{}* in {}{}: {}. {}")
EARLY = ", stopped early"
CAN_WRITE = "now it can write"
LOSSES = "{:.4f} nats per character on text that it has never seen, {:.4f} before"
OVERTAKEN = said("That's better. But another version came into use meanwhile, and it stays.")
BETTER = said("That's better. ")
NO_BETTER = said(
    "That's no better, or could be luck: only a difference of more than {:.4f} counts. I'm keeping"
    " the old weights, and the new ones for a day."
)
STOPPED = said(
    "I've stopped the training of *{}* after {}. Look at what it writes so far: is that good"
    " enough? I won't use it until you say so, and I keep it for a day."
)

# Versions.

OWN_EXAMPLES = {"dino": "/dino", "poem": "/poem Shall I compare thee"}

USE = "use {}"
IN_USE = said("Version `{}` of *{}* is in use now.")
IN_USE_NOW = said("version `{}` of *{}* is in use")
NO_SUCH_VERSION = said("*{}* has no version `{}` any more. /models shows those that it has.")
OVERTAKEN_USE = said("Another version of *{}* came into use meanwhile. /models shows it.")
NOT_CHANGED = said("I can't do that: {}. *{}* stays as it is.")

# People.

BANS = said(
    "People and groups that I don't answer: {}. `/ban 12345678` adds the one with that Telegram id,"
    " and `/ban 12345678 no` takes it off the list."
)
BANS_NO_ADMIN = said("That's an admin, and I answer all of them.")


def while_training(run_id: int) -> Buttons:
    """Return buttons that end a run."""
    return [[Button(STOP, f"/stop {run_id}"), Button(CANCEL, f"/cancel {run_id}")]]


def verdict(title: str, progress: Progress, seconds: float, version: str, *, used: bool) -> Message:
    """Say how a run that made a version has ended."""
    took, found = duration(seconds), progress.comparison
    if not (found or used):
        return STOPPED.format(title, took)
    how = CAN_WRITE
    then = IN_USE.format(version, title)
    if found:
        how = LOSSES.format(found.new_loss, found.old_loss)
        then = BETTER + then
        if not found.better:
            then = NO_BETTER.format(max(found.margin, WORTHWHILE))
        elif not used:
            then = OVERTAKEN
    return TRAINED.format(title, took, EARLY if progress.was_stopped else "", how, then)


def below_use(network: str, form: Form, before: str, now: str) -> Buttons:
    """Return a button that tries the network. If another version was in use before, add a button
    that uses that version again, as long as `now` is in use.
    """
    line = OWN_EXAMPLES.get(network) or str(VOICE_EXAMPLES[form].format(network))
    buttons = [[Button(TRY, line)]]
    if before not in ("", now):
        buttons.insert(0, [Button(UNDO, f"/use {network} {before} {now}")])
    return buttons
