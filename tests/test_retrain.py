"""`/retrain` and its buttons, `/models` and `/use`: one message shows a run from its command to its
verdict, whatever happens.

A script stands in for the training process; test_training_child.py has real ones.
"""

import dataclasses
import re
from collections.abc import Awaitable, Callable

import pytest

from bot.chat import Gone, InDoubt, NotSent
from bot.voices import Voice
from bot.words import admins, sentences
from tests.fake_chat import FakeChat
from tests.serving import ALICE, until, untrained
from tests.training import LIST, Script, begun, content_of, verdict

BEGUN = (
    "I'm training dino: one more round, and I stop as soon as it gets no better. In a moment you"
    " can watch it here. Stop, and I take the best weights so far; cancel, and everything stays as"
    " it was."
)


def in_use(chat: FakeChat, network: str = "dino") -> str:
    return chat.bot.shelf.serving[network].version


async def test_networks_are_trained_as_the_command_says(script: Script, admin: FakeChat) -> None:
    for words, arguments, said in (
        ("dino", ["names", "0.0"], "one more round"),
        ("POEM", ["verse", "5.0"], "from the weights in use, for 5 minutes, or less if"),
        ("dino FRESH", ["names", "0.0", "fresh"], "from nothing"),
    ):
        shown = await begun(admin, script, f"/retrain {words}")
        assert script.arguments == arguments
        assert said in shown.text
        await admin.press(admins.CANCEL)
        await verdict(admin)


async def test_one_message_shows_a_run_from_its_command_to_its_verdict(
    script: Script, admin: FakeChat
) -> None:
    old = in_use(admin)
    message = await begun(admin, script)
    assert (message.text, message.labels) == (BEGUN, [admins.STOP, admins.CANCEL])
    script.tell("started", start_loss=2.0, ngram_loss=2.375, unsaid_words=1204)
    script.tell("sample", step=1, text="xqz, grr")
    script.tell("sample", step=1200, text="gradosaurus, ornis")
    script.progress(0.5)
    await until(lambda: "50%" in message.text)
    assert message.text == (
        "Training dino, reading the dinosaurs\n██████████░░░░░░░░░░  50%\ntraining 2.500\n"
        "held out 2.125\nin use   2.000\nn-gram   2.375\n75 s left\n"
        "1,204 words are read, never written: I can't say them\n"
        "step 1      xqz, grr\nstep 1,200  gradosaurus, ornis"
    )
    assert message.labels == [admins.STOP, admins.CANCEL]
    assert (await admin.ask("/retrain poem")).text == str(admins.ALREADY_TRAINING.format("dino"))
    del admin.messages[-1]
    new = script.trained()
    assert await verdict(admin) is message
    assert message.text.startswith("Trained dino in ")
    _, told = message.text.split(": ")
    verdict_told, before, after = told.split("\n\n")
    assert verdict_told == (
        "1.5000 nats per character on text that it has never seen, 2.0000 before. That's better."
        f" Version {new} of dino is in use now."
    )
    for shown, title in ((before, "in use"), (after, "new")):
        assert re.fullmatch(f"{title}(\n[A-Z][a-z]*){{5}}", shown)
    assert before.split("\n")[1:] != after.split("\n")[1:]
    assert in_use(admin) == new
    assert message.labels == [admins.UNDO, admins.TRY]
    assert (await admin.press(admins.TRY, message=message)).names
    undone = await admin.press(admins.UNDO, message=message)
    assert undone.text == str(admins.IN_USE.format(old, "dino"))
    assert in_use(admin) == old
    too_late = await admin.press(admins.UNDO, message=message)
    assert (too_late.text, in_use(admin)) == (str(admins.OVERTAKEN_USE.format("dino")), old)
    await admin.press(admins.UNDO, message=undone)
    assert in_use(admin) == new
    assert not script.folder.exists()


async def test_weights_must_be_better_by_enough_or_an_admin_wants_them(
    script: Script, admin: FakeChat
) -> None:
    old = in_use(admin)
    for new, margin, words in (
        (2.5, 0.1, "a difference of more than 0.1000 counts. I'm keeping the old weights"),
        (1.95, 0.1, "a difference of more than 0.1000 counts. I'm keeping the old weights"),
        (1.999, 1e-7, "a difference of more than 0.0020 counts. I'm keeping the old weights"),
    ):
        await begun(admin, script)
        version = script.trained(new, margin=margin)
        shown = await verdict(admin)
        assert words in shown.text
        assert shown.labels == [admins.USE_NEW]
        assert in_use(admin) == old
    admin.is_admin = False
    await admin.press(admins.USE_NEW, ALICE)
    assert admin.released[-1] == str(sentences.UNKNOWN_COMMAND)
    assert in_use(admin) == old
    admin.is_admin = True
    assert "for a day" in (await admin.ask("/models")).text
    await admin.press(admins.USE_NEW, message=shown)
    assert in_use(admin) == version
    assert "for a day" not in (await admin.ask("/models")).text


async def test_a_stop_keeps_the_best_so_far_and_a_cancel_nothing(
    script: Script, admin: FakeChat, keats: Voice
) -> None:
    old = in_use(admin)
    stop, _ = (await begun(admin, script)).buttons[0]
    await admin.press(admins.STOP)
    assert script.stops == 1
    new = script.trained()
    assert ", stopped early: 1.5000 nats" in (await verdict(admin)).text
    assert in_use(admin) == new != old
    shown = await begun(admin, script)
    assert (await admin.ask(stop.line)).text == str(admins.TRAINING_OVER)  # another run goes on
    assert (await admin.ask("/cancel")).text == str(admins.ENDING)
    await admin.bot.runs.ended()
    assert shown.text == str(admins.CANCELLED.format("dino"))
    assert shown.labels == []
    assert in_use(admin) == new


async def test_a_voice_cannot_write_until_its_first_weights_are_used(
    script: Script, admin: FakeChat
) -> None:
    """A stopped run asks before its weights are used: perhaps they cannot write yet."""

    async def listed() -> str:
        lines = (await admin.ask("/voices")).text.split("\n")
        return next(line for line in lines if line.startswith("pokemon"))

    await admin.bot.store.add_voice("pokemon", "names", LIST)
    untaught = "pokemon – names: can't write yet"
    for how in (admins.CANCEL, admins.STOP):
        assert await listed() == untaught
        shown = await begun(admin, script, "/retrain names pokemon")
        assert (await admin.ask("/dino voice:pokemon")).text == str(sentences.VOICE_UNTRAINED)
        await admin.press(how)
        if how == admins.STOP:
            new = script.trained(old=None)
        await admin.bot.runs.ended()
    assert shown.text.startswith("I've stopped the training of pokemon after ")
    assert re.search("\n\nnew(\n[A-Z].*){5}$", shown.text)
    assert await listed() == untaught
    used = await admin.press(admins.USE_NEW)
    assert used.text == str(admins.IN_USE.format(new, "pokemon"))
    assert await listed() == "pokemon – names: /dino voice:pokemon 5"
    assert (await admin.press(admins.TRY)).names


def failing(error: Exception) -> Callable[..., Awaitable[str]]:
    async def fail(*_: object, **__: object) -> str:
        raise error

    return fail


async def test_a_failure_is_explained_and_changes_nothing(
    script: Script,
    admin: FakeChat,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = in_use(admin)

    for error, reason in (
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("a bug"), admins.BROKE),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(admin.bot.store, "keep_weights", failing(error))
            await begun(admin, script)
            script.trained()
            failed = admins.FAILED.format("dino", reason)
            assert (await verdict(admin)).text == str(failed)
    await begun(admin, script)
    script.ends("the text is empty")
    assert "brought no new weights: the text is empty. Every" in (await verdict(admin)).text
    await begun(admin, script)
    other = await admin.bot.store.keep_weights("dino", content_of(untrained("names", 9)))
    await admin.ask(f"/use dino {other}")
    script.trained()
    await verdict(admin)
    assert "another version came into use meanwhile" in admin.messages[-2].text
    assert in_use(admin) == other != old
    assert not script.folder.exists()


@pytest.mark.parametrize("failure", [NotSent("no way"), InDoubt("lost")])
async def test_a_run_whose_first_message_is_not_sent_ends_with_a_message(
    script: Script, admin: FakeChat, failure: Exception
) -> None:
    admin.failures = [failure]
    await admin.ask("/retrain dino")
    await until(lambda: script.folders)
    script.trained()
    assert "That's better" in (await verdict(admin)).text
    assert len(admin.messages) == 1


async def test_a_verdict_whose_message_is_gone_comes_in_a_new_one(
    script: Script, admin: FakeChat
) -> None:
    message = await begun(admin, script)
    admin.failures.append(Gone("message to edit not found"))
    new = script.trained()
    assert "That's better" in (await verdict(admin)).text
    assert message.text == BEGUN
    assert in_use(admin) == new


async def test_versions_are_listed_and_used(admin: FakeChat, pokemon: Voice) -> None:
    first = in_use(admin)
    for day in (2, 9):
        made = untrained("names", day)
        described = dataclasses.replace(
            made.description, created=f"2025-01-{day:02}T12:00:00+00:00", held_out_loss=1.25
        )
        made = dataclasses.replace(made, description=described)
        newest = await admin.bot.store.keep_weights("dino", content_of(made))
    message = await admin.ask("/models")
    shown = message.text.split("\n\n")
    assert shown[:2] == [
        "dino has 3 versions, the newest first",
        f"{newest}\n2025-01-09, 1 step, held-out loss 1.2500",
    ]
    assert shown[3] == f"{first} in use\n2024-01-01, 1 step, held-out loss 3.0000"
    assert message.labels[0] == f"use {newest}"
    assert message.labels[2:] == ["poem", "voice:letters", "voice:pokemon"]
    await admin.press(f"use {newest}")
    assert in_use(admin) == newest
    used = admin.messages[-1]
    await admin.ask(f"/use dino {shown[2].split()[0]}")
    assert (await admin.press(admins.UNDO, message=used)).text == str(
        admins.OVERTAKEN_USE.format("dino")
    )
    await admin.ask(f"/use DINO  {first}")
    assert in_use(admin) == first
    assert (await admin.press("voice:pokemon", message=message)).text.startswith("pokemon has 1")
    for name in ("pokemon", "voice:POKEMON", pokemon.id):
        assert "has 1 version" in (await admin.ask(f"/models {name}")).text
