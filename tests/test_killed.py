"""A bot is killed while it answers. Afterwards, the code of each reply that arrived still works.

python -m tests.test_killed DATABASE CHECKPOINTS     answers without end, and writes down what was
delivered
"""

import asyncio
import os
import sys
from itertools import cycle
from pathlib import Path

from bot.chat import Buttons
from bot.running import running
from bot.settings import Settings
from bot.store import Store
from bot.words.pieces import Message
from tests.fake_chat import FakeChat

PEOPLE = 20


class Delivering(FakeChat):
    """Writes down at once what was delivered; the response takes its time."""

    async def say(
        self, message: Message, buttons: Buttons = (), *, unfinished: bool = False
    ) -> int:
        number = await super().say(message, buttons, unfinished=unfinished)
        os.write(1, f"{self.messages[-1].code}\n".encode())
        await asyncio.sleep(0.002)
        return number

    async def go_on(self) -> None:
        for text in cycle(["/dino", "/poem Shall I", "/dino 3"]):
            await self.ask(text)


async def answer_without_end(database: str, checkpoints: str) -> None:
    settings = Settings(database=Path(database), checkpoints=Path(checkpoints), rate_limit=None)
    async with running(settings) as bot:
        await asyncio.gather(*(Delivering(bot, person).go_on() for person in range(1, PEOPLE + 1)))


async def test_a_kill_loses_no_code(checkpoints: Path, tmp_path: Path) -> None:
    database = tmp_path / "people.db"
    command = [sys.executable, "-m", "tests.test_killed", str(database), str(checkpoints)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    first = [await process.stdout.readline() for _ in range(60)]
    process.kill()
    rest = (await process.communicate())[0]
    codes = b"".join([*first, rest]).decode().split()
    async with Store(database) as store:
        assert [code for code in codes if await store.creation(code) is None] == []
        turns = [(await store.person(person)).dino_turns for person in range(1, PEOPLE + 1)]
        assert sum(turns) > 0


if __name__ == "__main__":
    asyncio.run(answer_without_end(*sys.argv[1:]))
