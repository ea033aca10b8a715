"""What this machine measured, from one start to the next."""

import json
from pathlib import Path

import pytest

from bot.speeds import CARDS, CARDS_A_SECOND, POEMS_A_SECOND, REMEMBERED_SECONDS, Speeds


def test_what_was_measured_is_kept_beside_what_other_starts_measured(tmp_path: Path) -> None:
    file = tmp_path / "speeds.json"
    file.write_text('{"poem": 3.0, "dino": 4.0}')
    speeds = Speeds(file)
    assert speeds.of("dino").of_one == 4.0
    for _ in range(20):
        speeds.of("poem").add(made=20.0, seconds=REMEMBERED_SECONDS / 6)
    speeds.of(CARDS)  # nobody has asked for a card
    speeds.save()
    assert json.loads(file.read_text()) == {"poem": pytest.approx(2.0, rel=0.01), "dino": 4.0}
    assert Speeds(file).of("poem").of_one == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize(
    "content", [None, b"", b"[1]", b'{"poem": "fast"}', b'{"poem": 0}', b'{"poem": NaN}', b"\xff"]
)
def test_without_a_file_that_can_be_used_a_guess_is_taken(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "speeds.json"
    if content is not None:
        file.write_bytes(content)
    speeds = Speeds(file)
    assert speeds.of("poem").of_one == POEMS_A_SECOND
    assert speeds.of(CARDS).of_one == CARDS_A_SECOND


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "missing" / "speeds.json")
    speeds.of("poem").add(1.0, 1.0)
    speeds.save()
