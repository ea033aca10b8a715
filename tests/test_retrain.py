"""`/retrain` and its buttons: one message shows a run from its command to its verdict, whatever
happens.

The child is a script here; test_training_child.py has real ones.
"""

import asyncio
import math
import os
import time
from itertools import product
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Gone, InDoubt, NotSent
from bot.locks import locked
from bot.settings import Settings
from bot.training.folder import KEPT_SECONDS, NEW, Run
from bot.training.progress import MOST_SAMPLES, Progress
from bot.voices import Voice, Voices
from bot.words import admins, sentences
from bot.words.tables import BAR, CURVE_POINTS, beside, curve
from model.weights.versions import Versions
from tests.fake_chat import FakeChat, Message
from tests.serving import ALICE, install, until, untrained
from tests.shown import wrote
from tests.training import PROGRESS, Script, file_of, interrupt, started

FINISH, CANCEL, UNDO = admins.FINISH, admins.CANCEL, admins.UNDO
BEGUN = (
    "I'm training <b>dino</b>: one more round, and I stop as soon as it gets no better. In a moment"
    " you can watch it here."
)


@pytest.fixture
def dino(own_checkpoints: Path) -> Versions:
    return Versions(own_checkpoints / "dino")


def left(chat: FakeChat) -> list[str]:
    return [path.name for path in chat.bot.shelf.directory.glob("*training-*")]


async def verdict(chat: FakeChat) -> Message:
    await chat.bot.runs.ended()
    return chat.messages[-1]


async def begun(chat: FakeChat, script: Script, command: str = "/retrain dino") -> Message:
    count = len(script.folders)
    message = await chat.ask(command)
    await script.begun(count + 1)
    return message


def pressed(message: Message, label: str) -> str:
    return next(button.data for row in message.buttons for button in row if button.label == label)


async def test_what_can_be_trained_and_what_cannot(script: Script, admin: FakeChat) -> None:
    for words in (
        "",
        "sonnet",
        "dino 5 minutes",
        "5 dino",
        "dino fresh fresh",
        "fresh",
        "dino 10",
    ):
        assert (await admin.ask(f"/retrain {words}")).html == admins.RETRAIN_USAGE
    assert script.folders == []
    for words, asked in {
        "dino": ("dino", False),
        "POEM": ("poem", False),
        "dino FRESH": ("dino", True),
    }.items():
        await begun(admin, script, f"/retrain {words}")
        run = await script.begun(len(script.folders))
        assert (run.network, run.fresh) == asked
        await admin.press(CANCEL)
        await verdict(admin)


async def test_one_message_shows_a_run_from_its_command_to_its_verdict(
    script: Script, admin: FakeChat, dino: Versions
) -> None:
    message, old = await begun(admin, script), dino.current()
    assert message.html == BEGUN
    assert message.labels == [FINISH, CANCEL]
    script.tell("started", start_loss=2.0, ngram_loss=2.375)
    wrote("<or>")
    script.tell("sample", text="to be <or> not")
    script.progress(0.25, held_out_loss=2.5)
    script.progress(0.5)
    await until(lambda: "50%" in message.html)
    assert (
        message.html
        == "Training <b>dino</b>, reading the dinosaurs\n<pre>██████████░░░░░░░░░░  50%\ntraining"
        " 2.500 ▁▁\nheld out 2.250 █▁\nbest     2.250\nin use   2.000\nn-gram  "
        " 2.375</pre>\n90,000 characters a second, 75 s left\n<i>to be &lt;or&gt; not</i>"
    )
    assert message.labels == [FINISH, CANCEL]
    new = script.trained()
    shown = await verdict(admin)
    assert shown is message
    assert shown.html.endswith(
        "and it improved: 1.5000 nats per character on held-out text, 2.0000 before. "
        f"Version <code>{new}</code> is in use now."
    )
    assert admin.bot.runs.ends == {"used": 1}
    assert dino.current() == new == admin.bot.shelf.serving["dino"].version
    assert left(admin) == []
    assert shown.labels == [UNDO]
    undo = pressed(shown, UNDO)
    await admin.press(UNDO)
    assert (
        admin.messages[-1].html
        == f"Undone: version <code>{old}</code> of <b>dino</b> is in use again."
    )
    assert shown.labels == []
    await admin.press_data(undo)
    assert admin.notices[-1] == sentences.plain(admins.UNDO_OVER)
    assert dino.current() == old == admin.bot.shelf.serving["dino"].version


async def test_weights_must_be_better_by_enough(
    script: Script, admin: FakeChat, dino: Versions
) -> None:
    old = dino.current()
    for new, margin, words in (
        (2.5, 0.1, "it didn't improve: 2.5000 nats per character on held-out text, 2.0000 before."),
        (2.0, 0.1, "it didn't improve: 2.0000 nats per character on held-out text, as before."),
        (
            1.9999992,
            1e-7,
            "it didn't improve: 2.0000 nats per character on held-out text, as before.",
        ),
        (
            1.95,
            0.1,
            "it barely improved: 1.9500 nats per character on held-out text, 2.0000 before. A"
            " difference of up to 0.1000 could be luck, so",
        ),
        (
            1.999,
            1e-7,
            "it barely improved: 1.9990 nats per character on held-out text, 2.0000 before. Less"
            " than 0.002 isn&#39;t worth a change, so",
        ),
    ):
        await begun(admin, script)
        script.trained(new, margin=margin)
        message = await verdict(admin)
        assert f"{words} I'm keeping the old weights, and the new ones for a day." in message.html
        assert message.labels == [admins.USE_NEW]
        assert dino.list() == (old,)


async def test_weights_that_did_not_win_can_be_used_for_a_day(
    script: Script, admin: FakeChat, dino: Versions
) -> None:
    old = dino.current()
    await begun(admin, script)
    new = script.trained(2.5)
    shown = await verdict(admin)
    assert shown.html.endswith(
        "I'm keeping the old weights, and the new ones for a day.\n"
        "<pre>in use      new\nOldosaurus  Novosaurus\nOldodon     Novodon</pre>"
    )
    said, button = shown.html, pressed(shown, admins.USE_NEW)
    admin.is_admin = False
    await admin.press(admins.USE_NEW, ALICE)
    assert admin.notices[-1] == sentences.plain(sentences.NOT_YOURS)
    admin.is_admin = True
    await admin.press(admins.USE_NEW)
    assert admin.notices[-1] == admins.IN_USE.format(new)
    assert dino.current() == new == admin.bot.shelf.serving["dino"].version
    assert (shown.html, shown.labels) == (said, [UNDO])
    await admin.press(UNDO)
    assert dino.current() == old == admin.bot.shelf.serving["dino"].version
    (kept,) = (dino.directory / "candidates").iterdir()
    os.utime(kept, (0, time.time() - KEPT_SECONDS - 1))
    for _ in range(2):
        await admin.press_data(button)
        assert admin.notices[-1] == sentences.plain(admins.KEPT_NO_MORE)
    assert not kept.exists()
    assert dino.path(new).exists()  # the codes of its creations go on working


async def test_verse_of_old_and_new_weights_stands_one_below_the_other() -> None:
    both = beside("verse", ["\n".join("abcdefgh")], ["\nx\n"])
    assert both == "in use:\n<i>a\nb\nc\nd\ne\nf</i>\n\nnew:\n<i>x</i>"


async def test_names_are_read_beside_the_dinosaurs(script: Script, admin: FakeChat) -> None:
    for words in (
        "dino\n\n1\n...",
        f"dino\n{'a' * 41}",
        "dino\n" + "\n".join(map("".join, product("abcdefghijklm", repeat=3))),
    ):
        assert "names in that" in (await admin.ask(f"/retrain {words}")).html
    assert (await admin.ask("/retrain poem\nAnna")).html == admins.RETRAIN_USAGE
    message = await begun(admin, script, "/retrain dino\nAnna saurus\nÉlan\n\nannasaurus")
    assert "with 2 names of yours." in message.html
    run = await script.begun()
    assert (run.names, run.fresh) == (("annasaurus", "elan"), False)
    script.tell("surprise", old=2.5, new=1.25)
    script.trained(2.5)
    shown = (await verdict(admin)).html
    assert (
        "find 2 names of yours less surprising: 1.2500 nats per character, 2.5000 before." in shown
    )

    message = await admin.ask("/retrain dino", file=file_of("Mango"))
    assert "with your name." in message.html
    assert (await script.begun(2)).names == ("mango",)
    script.tell("surprise", old=2.5, new=2.625)
    script.trained()
    assert (
        "is in use now. The new ones find your name more surprising" in (await verdict(admin)).html
    )


async def test_a_fresh_run_shows_how_letters_become_names(script: Script, admin: FakeChat) -> None:
    message = await begun(admin, script, "/retrain dino fresh")
    for step, text in ((1, "xq\nz"), (1000, "mangosaurus")):
        script.tell("sample", step=step, text=text)
    script.progress()
    growth = "<code>step 1     </code> <i>xq</i>\n<code>step 1,000 </code> <i>mangosaurus</i>"
    await until(lambda: "25%" in message.html)
    assert message.html.endswith(f"left\n{growth}")
    script.trained()
    await verdict(admin)
    assert "improved" in message.html
    assert message.html.endswith(f"\n\n{growth}")


@given(st.integers(1, 200))
@hypothesis.settings(max_examples=20)
def test_the_first_sample_and_the_newest_stay(count: int) -> None:
    progress = Progress()
    for step in range(count):
        progress.hear({"event": "sample", "step": step, "text": str(step)})
    steps = [step for step, _ in progress.samples]
    assert (steps[0], steps[-1]) == (0, count - 1)
    assert len(steps) <= MOST_SAMPLES
    assert steps == sorted(set(steps))


async def test_a_run_that_is_stopped_early(
    script: Script, admin: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message shows how long the stop and the comparison take."""
    monkeypatch.setattr("bot.training.runs.TICK_SECONDS", 0.001)
    message = await begun(admin, script)
    await admin.press(FINISH)
    assert admin.notices[-1] == admins.FINISHING
    await until(lambda: f"{admins.STOPPING}: 0 s" in message.html)
    assert script.stops == 0
    script.tell("started")
    await until(lambda: script.stops)
    script.tell("finished", held_out_loss=1.5)
    await until(lambda: f"{admins.COMPARING}: 0 s" in message.html)
    script.trained()
    assert "stopped early, and it improved" in (await verdict(admin)).html
    assert script.stops == 1


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_cancelling_leaves_nothing(
    script: Script, admin: FakeChat, dino: Versions, is_at_once: bool
) -> None:
    message, old = await admin.ask("/retrain dino"), dino.current()
    if not is_at_once:
        await script.begun()
        script.progress()
    data = [pressed(message, label) for label in message.labels]
    await admin.press(CANCEL)
    assert admin.notices == [admins.CANCELLING]
    assert (
        await verdict(admin)
    ).html == "The training of <b>dino</b> is cancelled. Everything stays as it was."
    assert message.labels == left(admin) == []
    await begun(admin, script)  # the buttons of an old run do not end a new one
    for old_button in data:
        await admin.press_data(old_button)
        assert admin.notices[-1] == sentences.plain(admins.TRAINING_OVER)
    assert dino.list() == (old,)
    script.trained()
    assert "improved" in (await verdict(admin)).html


async def test_two_admins_at_once_have_one_run_and_nobody_else_has_any(
    script: Script, admin: FakeChat
) -> None:
    assert (await FakeChat(admin.bot, ALICE).ask("/retrain dino")).html == sentences.UNKNOWN_COMMAND
    await asyncio.gather(admin.ask("/retrain dino", 1), admin.ask("/retrain poem", 2))
    busy = "I'm still training <b>dino</b>. Please ask again when that is done."
    assert sorted(message.html for message in admin.messages) == [busy, BEGUN]
    await script.begun()
    assert (await admin.ask("/retrain poem")).html == busy
    assert (await admin.ask("/help")).html != busy  # the bot answers meanwhile
    admin.is_admin = False
    for label in (FINISH, CANCEL, UNDO):
        if label == UNDO:
            script.trained()
            await verdict(admin)
        await admin.press(label, ALICE)
        assert admin.notices[-1] == sentences.plain(sentences.NOT_YOURS)


async def test_a_child_that_fails(script: Script, admin: FakeChat, dino: Versions) -> None:
    old = dino.current()
    wrote("<9 GB>")
    for code, last_words, reason in (
        (-9, "", "it was killed by signal 9; 9 often means that memory ran out"),
        (1, "not enough memory: <9 GB>", "not enough memory: &lt;9 GB&gt;"),
        (3, "", "it ended with exit code 3"),
        (0, "", "it ended without saying how good the new weights are"),
        (1, "", "it hung, so I ended it"),
        (1, "Traceback", "the loss is no longer a finite number"),
    ):
        message = await begun(admin, script)
        script.progress(held_out_loss="low")  # no number
        script.tell("progress")
        if "hung" in reason:
            script.fails_with(TimeoutError())
        if "finite" in reason:  # then the complaint of the training is told
            script.tell("failed", error="the loss is no longer a finite number.")
        script.ends(code, last_words)
        assert await verdict(admin) is message
        assert (
            message.html
            == f"The training of <b>dino</b> brought no new weights: {reason}. Everything stays as"
            " it was."
        )
        assert message.labels == left(admin) == []
        assert dino.list() == (old,)
        assert admin.bot.runs.running is None
    await begun(admin, script)
    script.fails_with(ZeroDivisionError())
    assert "sorry" in (await verdict(admin)).html


async def test_a_disk_that_is_full(
    script: Script, admin: FakeChat, monkeypatch: pytest.MonkeyPatch, own_checkpoints: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("bot.training.folder.write_whole", "model.weights.versions.Versions.add"):
        with monkeypatch.context() as patched:
            patched.setattr(name, full)
            await admin.ask("/retrain dino")
            if name.endswith("add"):
                await script.begun()
                script.trained()
            assert (
                (await verdict(admin)).html
                == "The training of <b>dino</b> brought no new weights: No space left on device. "
                "Everything stays as it was."
            )
        assert admin.bot.runs.running is None
    assert not (own_checkpoints / "training-dino" / NEW).exists()


async def test_what_others_do_meanwhile(
    script: Script, admin: FakeChat, dino: Versions, voices: Voices, pokemon: Voice
) -> None:
    await begun(admin, script)
    best = install(dino.directory, untrained("names", 9))
    script.trained(2.5)
    assert "it didn't improve" in (await verdict(admin)).html
    assert admin.bot.shelf.serving["dino"].version == best
    await begun(admin, script)
    script.trained()
    other = install(dino.directory, untrained("names", 10))
    assert "another version came into use meanwhile" in (await verdict(admin)).html
    assert dino.current() == other
    dino.path(install(dino.directory, untrained("names", 11))).write_bytes(b"no weights")
    await begun(admin, script)
    new = script.trained(seed=8)  # weights that do not load are no hindrance
    assert f"Version <code>{new}</code> is in use now" in (await verdict(admin)).html
    await begun(admin, script, "/retrain names pokemon")
    voices.remove(pokemon.id)
    script.ends(1, "text.txt: No such file or directory")
    assert (await verdict(admin)).html == sentences.VOICE_GONE
    assert left(admin) == []


async def test_what_another_process_trains_is_left_to_it(
    script: Script, own_settings: Settings
) -> None:
    poem = Run("poem", "verse", "poem", chat=900, message=1)
    folder = interrupt(own_settings.checkpoints, poem)
    with locked(folder):
        async with started(own_settings) as chat:
            assert (await chat.ask("/retrain poem")).html == admins.TRAINING_ELSEWHERE
            assert len(chat.messages) == 1
    assert folder.exists()
    assert script.folders == []


LOST = (
    "I was stopped while I was training <b>poem</b>, and what it had learned is lost."
    " <code>/retrain poem</code> starts over."
)


async def test_a_run_of_the_terminal_is_not_concluded_on_telegram(
    script: Script, own_settings: Settings
) -> None:
    """The terminal's chat has the id of a person whom Telegram may know."""
    async with started(own_settings) as chat:
        chat.place = "terminal"
        message = await chat.ask("/help")
    run = Run("poem", "verse", "poem", chat=chat.id, place="terminal", message=1)
    interrupt(own_settings.checkpoints, run)
    telegram = FakeChat(chat.bot, chat.id)
    async with started(own_settings, telegram):
        await telegram.bot.runs.ended()
        assert telegram.messages == []
    async with started(own_settings, chat):
        await chat.bot.runs.ended()
    assert message.html == LOST


async def test_a_bot_that_stops_says_that_its_run_is_lost(
    script: Script, own_settings: Settings
) -> None:
    """It promotes nothing, even if the child was already comparing."""
    async with started(own_settings) as chat:
        message = await begun(chat, script, "/retrain poem")
        script.progress(0.4)
        await until(lambda: "40%" in message.html)
        script.tell("finished", held_out_loss=1.0)
        (script.folder / NEW).write_bytes(b"new weights")
    assert (message.html, message.labels) == (LOST, [])
    assert left(chat) == []
    async with started(own_settings, chat):
        await chat.bot.runs.ended()
        assert message.history.count(LOST) == 1  # it stands there already
        await begun(chat, script, "/retrain poem")
        script.ends(1)
        await verdict(chat)


async def test_after_a_kill_the_next_start_says_so_once(
    script: Script, own_settings: Settings
) -> None:
    async with started(own_settings) as chat:
        message = await chat.ask("/help")
    interrupt(own_settings.checkpoints, Run("poem", "verse", "poem", chat=chat.id, message=1))
    for _ in range(2):
        async with started(own_settings, chat):
            await chat.bot.runs.ended()
    assert len(message.history) == 2
    assert message.html == LOST
    assert left(chat) == []


async def test_a_verdict_that_cannot_be_said_or_whose_message_is_gone(
    script: Script, admin: FakeChat, dino: Versions
) -> None:
    """The new weights are in use all the same, and nothing is left."""
    for number, failure in enumerate(
        (NotSent("away"), InDoubt("lost"), Gone("message to edit not found"))
    ):
        message = await begun(admin, script)
        admin.failures.append(failure)
        new = script.trained(seed=number)
        shown = await verdict(admin)
        assert message.html == BEGUN
        assert ("improved" in shown.html) == isinstance(failure, Gone)
        assert (dino.current(), left(admin)) == (new, [])


async def test_a_run_that_cannot_be_read_is_dropped(script: Script, own_settings: Settings) -> None:
    folder = interrupt(own_settings.checkpoints, Run("dino", "names", "dino"))
    (folder / "run.json").write_text('{"network": "dino"')
    async with started(own_settings) as chat:
        assert left(chat) == [folder.name]
        assert (await begun(chat, script)).html == BEGUN
        script.ends(1)
        await verdict(chat)
    assert left(chat) == []


@given(st.lists(st.floats(0, 10), min_size=1, max_size=1000))
def test_a_curve_draws_any_losses_in_few_blocks(losses: list[float]) -> None:
    drawn = curve(losses)
    assert len(drawn) == min(len(losses), CURVE_POINTS)
    assert set(drawn) <= set("▁▂▃▄▅▆▇█")
    if len(losses) <= CURVE_POINTS:
        assert drawn[losses.index(min(losses))] == "▁"


def test_a_speed_is_smooth_and_a_curve_keeps_rare_measurements() -> None:
    progress = Progress()
    for step in range(200):
        speed = 9e4 + 6e4 * (-1) ** step
        assert progress.hear(
            PROGRESS
            | {
                "characters_per_second": speed,
                "held_out_loss": None if step % 100 else 1.5,
            }
        )
    assert progress.speed == pytest.approx(9e4, rel=0.1)
    assert (progress.held_out, progress.training) == ([1.5, 1.5], [2.5] * 200)


@given(st.floats(allow_nan=False))
def test_a_fraction_is_never_more_than_all(fraction: float) -> None:
    progress = Progress()
    progress.hear(PROGRESS | {"fraction": fraction, "training_loss": math.inf})
    assert 0 <= round(BAR * progress.fraction) <= BAR
    assert progress.training == []
