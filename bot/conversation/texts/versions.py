"""/models and /rollback: the versions of a network, and which one serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.texts.markup import counted, cut, escape
from model.evaluation.comparison import WORTHWHILE, digits_for

if TYPE_CHECKING:
    from bot.training.choice import DoubtfulError, Entry, Page
    from bot.training.commands import Comparison
    from model.checkpoint.encoding import Description

LONGEST_FAULT = 120

MODELS_USAGE = (
    "Tell me whose versions you'd like to see, or nothing at all: <code>/models</code>, <code>/models dino</code>, "
    "<code>/models voice:pokemon</code>."
)
ROLLBACK_USAGE = (
    "Tell me what should go back: <code>/rollback dino</code>, <code>/rollback poem</code>, "
    "<code>/rollback voice:pokemon</code>."
)
COMPARING = "I'm comparing them. That takes a few seconds."
COMPARING_ALREADY = "I'm comparing two versions already. Please ask again in a few seconds."
NEWER, OLDER = "newer", "older"
PROMOTE_ANYWAY, CANCEL = "Promote it all the same", "Cancel"


def version_button(action: str, version: str) -> str:
    """Label a button that does something with a version."""
    return f"{action} {version}"


def voice_title(name: str) -> str:
    """Call an own voice as it is asked for."""
    return f"voice:{name}"


def versions(title: str, page: Page) -> str:
    """Show a page of versions."""
    if not page.entries:
        return f"<b>{escape(title)}</b> has no weights yet."
    where = f", page {page.number + 1} of {page.pages}" if page.pages > 1 else ""
    shown = [_version(entry, serves=entry.version == page.serving) for entry in page.entries]
    return "\n\n".join([f"Versions of <b>{escape(title)}</b>, the newest first{where}", *shown])


def promoted(version: str) -> str:
    """Say that a version was promoted."""
    return f"{version} writes from now on."


def doubtful(title: str, error: DoubtfulError) -> str:
    """Ask whether a version should be promoted that learned from another text, or is worse than the one that serves."""
    new, old = error.version, error.serving
    if error.doubt == "another text" or not new.description or not old.description:
        what = f"learned from another text than <code>{old.version}</code>, which serves"
    else:
        digits = digits_for(new.description.held_out_loss, old.description.held_out_loss)
        what = (
            f"is worse: {new.description.held_out_loss:.{digits}f} nats per character on held-out text, where "
            f"<code>{old.version}</code>, which serves, has {old.description.held_out_loss:.{digits}f}"
        )
    return f"Version <code>{new.version}</code> of <b>{escape(title)}</b> {what}. {PROMOTE_ANYWAY}?"


def rolled_back(title: str, before: Entry, after: Entry) -> str:
    """Say from which version to which a network went back."""
    return (
        f"<b>{escape(title)}</b> went back from version <code>{before.version}</code>{_loss_of(before)} "
        f"to <code>{after.version}</code>{_loss_of(after)}, which writes from now on. Losses are nats per character on "
        "held-out text. Another <code>/rollback</code> undoes this."
    )


def nothing_before(title: str) -> str:
    """Say that no other version has served."""
    return f"<b>{escape(title)}</b> has no earlier version to go back to. /models shows all that there are."


def not_changed(title: str, reason: str) -> str:
    """Say why another version could not serve."""
    return f"I can't do that: {_short(reason)}. <b>{escape(title)}</b> stays as it is."


def compared(title: str, serving: str, version: str, found: Comparison) -> str:
    """Show two losses on the same held-out text, and whether luck explains the difference."""
    old, new = found.old_loss or 0.0, found.new_loss or 0.0
    digits = digits_for(old, new)
    return (
        f"Two versions of <b>{escape(title)}</b> on the same held-out text, in nats per character:\n\n"
        f"<code>{serving}</code>, which serves: {old:.{digits}f}\n"
        f"<code>{version}</code>: {new:.{digits}f}\n\n"
        f"The difference is {abs(old - new):.{digits}f}; up to {found.margin:.{digits}f} can be luck. "
        f"{_better(serving, version, old - new, found.margin)}"
    )


def not_compared(title: str, reason: str) -> str:
    """Say why two versions were not compared."""
    return f"I couldn't compare versions of <b>{escape(title)}</b>: {_short(reason)}."


def _short(reason: str) -> str:
    """Return a reason without the folder of the file that it names."""
    return escape(cut(reason.rpartition("/")[2], LONGEST_FAULT))


def _version(entry: Entry, *, serves: bool) -> str:
    mark = " <b>serves</b>" if serves else ""
    fault = f"damaged: {escape(cut(entry.fault.removeprefix('damaged: '), LONGEST_FAULT))}"
    return f"<code>{entry.version}</code>{mark}\n{_made(entry.description) if entry.description else fault}"


def _made(made: Description) -> str:
    day = escape(made.created[:10])
    recipe = escape(cut(made.recipe, 20))
    return f"{day}, recipe {recipe}, {counted(made.steps, 'step')}, held-out loss {made.held_out_loss:.4f}"


def _loss_of(entry: Entry) -> str:
    return f" (loss {entry.description.held_out_loss:.4f})" if entry.description else ""


def _better(serving: str, version: str, gain: float, margin: float) -> str:
    """Name the better version, if there is one: a difference beyond luck counts in both directions."""
    if abs(gain) <= margin:
        return "So I can't tell which is better."
    if abs(gain) < WORTHWHILE:
        return f"Less than {WORTHWHILE:g} isn't worth a change."
    return f"So <code>{version if gain > 0 else serving}</code> is better."
