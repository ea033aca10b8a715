"""Sentences: each is HTML that Telegram takes, and fits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import texts
from bot.conversation.buttons import MOST_CONTINUED
from bot.conversation.lines import LONGEST_LINE
from bot.conversation.replies import LONGEST_VERSE
from bot.handlers.dino import MOST
from bot.local.contents import LONGEST_CAPTION, LONGEST_TEXT
from bot.local.markup import parse_html, units
from bot.training.choice import DoubtfulError, Entry, Page
from bot.training.commands import Comparison, Reason, RetrainingError
from bot.training.lessons import Lesson
from bot.training.retraining import Outcome
from bot.writing.nearest import Neighbour
from tests.checkpoints import DESCRIPTION
from tests.serving import progress

BOT = Path(__file__).resolve().parents[1] / "bot"
STRANGE = "<b>&amp; 😀 </i>\u202e"
PROGRESS = progress(STRANGE, sample=STRANGE * 99)

LESSON = Lesson("dino", "names")
VERDICTS = [
    texts.trained(replace(LESSON, name=STRANGE), Outcome("dino", *facts), served=served)
    for served in (True, False)
    for facts in ((True, "0a1b", 1.0, None, 5.0), (True, "0a1b", 1.0, 2.0, 5.0), (False, "0a1b", 2.0, 1.0, 5.0))
]

HEALTH = texts.Health(
    seconds=1e6,
    answers=10**6,
    refused=10**6,
    latency=[0.01, 10.0],
    messages=10**4,
    texts=10**3,
    dropped=2,
    errors={f"{STRANGE}{number}": number for number in range(1, 99)},
    training=STRANGE,
    versions={f"voice:{STRANGE}{number}": "0" * 12 for number in range(42)},
    database=STRANGE * 9,
    size=10**12,
    memory=10**9,
    program=["Mangosaurus 0.2.0", "Python 3.11.7"],
)
ENTRIES = [
    Entry("0a1b", replace(DESCRIPTION, recipe=STRANGE * 9, created=STRANGE * 9)),
    Entry("1a2b", fault=STRANGE * 99),
]
SIGNATURE = (texts.decided_by(2**63 - 1, 2**63 - 2, 1.15), "k7m2p9x")

EVERYTHING = [
    *(value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)),
    texts.decided_by(2**63 - 1, None, 0.7),
    texts.names(["mangosaurus", STRANGE], [Neighbour(STRANGE, 1), None], *SIGNATURE),
    texts.names(["mangosaurus"], [None], *SIGNATURE),
    texts.names(["onychodon"], [None], *SIGNATURE),
    texts.poem(STRANGE, STRANGE, *SIGNATURE, between=""),
    texts.sonnet(STRANGE, STRANGE, *SIGNATURE),
    texts.sonnet("", STRANGE, *SIGNATURE),
    texts.sonnet_begun(STRANGE, [STRANGE]),
    texts.nothing_written("sonnet", STRANGE),
    texts.about([("dino", "0a1b", 1.7, 1681), ("poem", "0a1b", 1.4, 0)]),
    texts.help_for("mangosaurus_bot", is_admin=True),
    texts.status(HEALTH),
    texts.status(replace(HEALTH, latency=[], size=None, errors={}, training=None, messages=1)),
    texts.versions(STRANGE, Page("dino", ENTRIES * 4, None, 1, 3)),
    texts.versions(STRANGE, Page("dino", [], None, 0, 1)),
    texts.promoted("0a1b"),
    texts.doubtful(STRANGE, DoubtfulError("worse", *ENTRIES)),
    texts.doubtful(STRANGE, DoubtfulError("another text", *ENTRIES)),
    texts.rolled_back(STRANGE, *ENTRIES),
    texts.nothing_before(STRANGE),
    texts.not_changed(STRANGE, STRANGE * 99),
    texts.compared(STRANGE, "0a1b", "1a2b", Comparison(1.0, 0.1, True, 0.5)),
    texts.not_compared(STRANGE, STRANGE * 99),
    texts.how_many(10),
    texts.first_letters(STRANGE * 99, 20),
    texts.no_new_name("ma"),
    texts.no_new_name(""),
    texts.unknown_code(STRANGE * 9),
    texts.gone("k7m2p9x"),
    texts.export_group_caption(STRANGE),
    texts.too_many(30),
    texts.line_too_long(4096, 200),
    texts.seed(42),
    texts.seed_set(42),
    texts.seed_range(2**63 - 1),
    texts.not_trained("dino"),
    texts.not_trained("poem"),
    texts.apology("0a1b"),
    texts.minutes_range(1440),
    texts.training_begins(LESSON),
    texts.training_begins(replace(LESSON, minutes=0.5, fresh=True)),
    texts.training(LESSON, PROGRESS),
    texts.training(replace(LESSON, name=STRANGE), PROGRESS),
    texts.already_training(STRANGE),
    texts.training_broke(LESSON),
    texts.training_lost("dino"),
    texts.training_offered(LESSON, None),
    texts.training_offered(LESSON, 0.5),
    texts.undone("dino", "0a1b"),
    *texts.TRAINING_CHOICES.values(),
    *(texts.training_failed(LESSON, RetrainingError(reason, STRANGE)) for reason in Reason),
]


@pytest.mark.parametrize("text", VERDICTS)
def test_every_verdict_fits_below_a_picture(text: str) -> None:
    shown, _ = parse_html(text)
    assert 0 < units(shown) <= LONGEST_CAPTION


@pytest.mark.parametrize("text", [*EVERYTHING, *VERDICTS])
def test_every_text_is_markup_that_fits(text: str) -> None:
    shown, _ = parse_html(text)
    assert 0 < units(shown) <= LONGEST_TEXT
    assert "!" not in shown
    assert shown == shown.strip()


def test_no_sentence_comes_from_elsewhere() -> None:
    """Handlers send names and calls of `texts`, never words of their own."""
    senders = re.compile(
        r"""(?:reply_html|reply_text|send_message|release|notice|ExplainedError|RefusedError)\(
            (?:query,\s*)? \s* f?["'][^"']*\w""",
        re.VERBOSE,
    )
    rooms = [*(BOT / "handlers").glob("*.py"), *(BOT / "conversation").glob("*.py")]
    assert len(rooms) > 10
    assert [room.name for room in rooms if senders.search(room.read_text(encoding="utf-8"))] == []


@given(
    st.text("😀<&aé\n.", max_size=LONGEST_LINE),
    st.text("<&i '.\n", max_size=LONGEST_VERSE * (MOST_CONTINUED + 1)),
    st.sampled_from(["", " ", "\n"]),
)
def test_every_poem_fits_into_a_message(line: str, verse: str, between: str) -> None:
    for longest in (False, True):
        line = line.ljust(LONGEST_LINE, "😀") if longest else line
        verse = verse.ljust(LONGEST_VERSE * (MOST_CONTINUED + 1), "i") if longest else verse
        shown, _ = parse_html(texts.poem(line, verse, *SIGNATURE, between=between))
        assert units(shown) <= LONGEST_TEXT


@given(st.lists(st.text("<&a", min_size=1, max_size=40), min_size=1, max_size=MOST))
def test_all_names_fit_into_a_message(names: list[str]) -> None:
    for new in (names, ["&" * 40] * MOST):
        shown, _ = parse_html(texts.names(new, [Neighbour("x" * 40, 40)] * len(new), *SIGNATURE))
        assert units(shown) <= LONGEST_TEXT


@given(st.text(max_size=LONGEST_LINE), st.text(max_size=LONGEST_VERSE), st.sampled_from(["", " ", "\n"]))
def test_offers_are_short(line: str, verse: str, between: str) -> None:
    title, description = texts.verse_offer(line, verse, between=between)
    assert len(title) <= texts.LONGEST_TITLE
    assert len(description) <= texts.LONGEST_DESCRIPTION


@given(st.text())
def test_notices_fit_and_show_what_they_say(text: str) -> None:
    shown = texts.notice(f"<b>{texts.escape(text)}</b>")
    assert len(shown) <= texts.LONGEST_NOTICE
    assert shown == text or len(text) > texts.LONGEST_NOTICE


def test_names_in_words() -> None:
    assert texts.new_name(Neighbour("yi", 1)) == "new; the closest name I know is Yi, one letter away"
    assert texts.name_offer("mango", None) == ("Mango", "new")
    small = "<i>new; the closest name I know is Yi, one letter away; seed 42</i>"
    assert texts.names(["y"], [Neighbour("yi", 1)], "seed 42", "k7m2p9x") == f"<b>Y</b>\n{small} <code>k7m2p9x</code>"


def test_the_parts_of_a_lone_name_are_explained_where_they_are_certain() -> None:
    parts, small = "<i>onych-, claw + -odon, tooth</i>", "<i>new; seed 42</i> <code>k7m2p9x</code>"
    assert texts.names(["onychodon"], [None], "seed 42", "k7m2p9x") == f"<b>Onychodon</b>\n{parts}\n{small}"
    assert "claw" not in texts.names(["onychodon", "mangodon"], [None, None], "seed 42", "k7m2p9x")


def test_what_decides() -> None:
    assert texts.decided_by(42, 0, 1.0) == "seed 42, turn 1"
    assert texts.decided_by(42, None, 1.15) == "seed 42, temperature 1.15"


def test_a_poem_on_the_line_or_below() -> None:
    assert texts.poem("a ", "b\ni", "c", "", between="") == "<b>a </b>b\nI\n\n<i>c</i>"
    assert texts.poem("a", "b", "c", "", between="\n") == "<b>a</b>\nB\n\n<i>c</i>"


def test_a_sonnet_in_stanzas() -> None:
    verse = "\n".join(f"line {number}," for number in range(13))
    shown, _ = parse_html(texts.sonnet("& MINE", verse, "seed 42", "k7m2p9x"))
    stanzas = [stanza.split("\n") for stanza in shown.split("\n\n")]
    assert [len(stanza) for stanza in stanzas] == [4, 4, 4, 2, 1]
    assert (stanzas[0][:2], stanzas[3][-1]) == (["& MINE", "Line 0,"], "Line 12.")
    begun, _ = parse_html(texts.sonnet_begun("& MINE", verse.split("\n")[:4]))
    assert begun == "& MINE\nLine 0,\nLine 1,\nLine 2,\n\nLine 3,\n…"


@given(st.lists(st.floats(0, 10), min_size=1, max_size=500))
def test_a_curve_is_a_line_of_blocks(losses: list[float]) -> None:
    drawn = texts.curve(losses)
    assert len(drawn) == min(len(losses), texts.CURVE_POINTS)
    assert set(drawn) <= set("▁▂▃▄▅▆▇█")


def test_a_curve_that_falls() -> None:
    assert texts.curve([8, 7, 6, 5, 4, 3, 2, 1]) == "█▇▆▅▄▃▂▁"
    assert texts.curve([1, 1]) == "▁▁"
    assert texts.curve([float(n) for n in range(48)])[0] == "▁"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h")]
)
def test_durations(seconds: float, shown: str) -> None:
    outcome = Outcome("dino", False, "0a1b", 2.0, 1.0, seconds)
    assert texts.training_over(LESSON, outcome) == f"Trained <b>dino</b> in {shown}."


@pytest.mark.parametrize(
    ("new", "margin", "verdict"),
    [
        (1.20795004, 0.0000001, "1.2079509 before. Less than 0.002 isn't worth a change"),
        (1.2065, 0.003, "1.2080 before. A difference of 0.0030 can be luck"),
    ],
)
def test_a_verdict_shows_how_losses_differ(new: float, margin: float, verdict: str) -> None:
    outcome = Outcome("dino", False, "0a1b", new, 1.20795086, 20.0, margin)
    assert verdict in texts.trained(LESSON, outcome, served=True)


@pytest.mark.parametrize(
    ("fraction", "bar"), [(-1, f"{'░' * 20}   0%"), (0.5, f"{'█' * 10}{'░' * 10}  50%"), (7, f"{'█' * 20} 100%")]
)
def test_bars(fraction: float, bar: str) -> None:
    assert f"<pre>{bar}\n" in texts.training(LESSON, progress("tune", fraction=fraction))


def test_a_training_is_a_small_table() -> None:
    """That fits on the screen of a phone."""
    shown = progress("again", fraction=0.25, held_out=1.612, best=1.598, seconds_left=75.0, sample="Mangosaurus")
    falling = tuple(3 / (1 + n / 20) for n in range(64))
    shown = replace(shown, training_curve=falling, held_out_curve=falling[::8], serving_loss=1.523, ngram_loss=1.763)
    assert texts.training(LESSON, shown) == (
        "Training <b>dino</b>, one more round\n"
        "<pre>█████░░░░░░░░░░░░░░░  25%\n"
        "training 2.500 █▇▅▅▄▃▃▃▂▂▂▂▁▁▁▁\n"
        "held out 1.612 █▅▄▃▂▂▁▁\n"
        "best     1.598\n"
        "serving  1.523\n"
        "n-gram   1.763</pre>\n"
        "90,000 characters a second, 75 s left\n"
        "<i>Mangosaurus</i>"
    )


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (0.5, "I was stopped 50% of the way through training dino. Shall I go on from there?"),
        (None, "I was stopped while I was training dino. Shall I go on from there?"),
    ],
)
def test_an_offer_says_how_much_was_done_if_that_is_known(done: float | None, words: str) -> None:
    assert parse_html(texts.training_offered(replace(LESSON, name="dino"), done))[0] == words


def test_a_voice_that_cannot_read_its_text_needs_it_again() -> None:
    """Only networks without an own text begin from nothing with `fresh`."""
    complaint = "the text has characters that these weights cannot read: 'x'; train without --from"
    error = RetrainingError(Reason.FAILED, complaint)
    voice = replace(LESSON, name="pokemon", corpus=Path("text.txt"))
    assert "'x'; send me its text again. Everything stays" in parse_html(texts.training_failed(voice, error))[0]
    assert "add fresh to the command" in parse_html(texts.training_failed(LESSON, error))[0]
