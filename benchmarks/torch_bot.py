"""Runs the bot that people would write: stock python-telegram-bot, the same weights in torch, one
text at a time.

`python -m benchmarks.torch_bot TOKEN ADDRESS FOLDER`. A text is written in a thread
(`asyncio.to_thread`), and each answer is one commit to a SQLite file in the folder, which also
holds the checkpoints.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from telegram.ext import ApplicationBuilder, CommandHandler

from benchmarks.echo_bot import end_with_stdin

if TYPE_CHECKING:
    from telegram import Update

TORCH_GATES = "ifgo"


class Network:
    """A released network in torch: nn.RNN or nn.LSTM, and nn.Linear."""

    def __init__(self, folder: Path, name: str) -> None:
        version = (folder / name / "released").read_text(encoding="utf-8").strip()
        with safe_open(folder / name / f"{version}.safetensors", "pt") as file:
            self._facts = json.loads(file.metadata()["mangosaurus"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        self.characters: str = self._facts["vocabulary"]
        self.known = set(tensors["known_names"].numpy().tobytes().decode().split("\n"))
        self._recurrent, self._linear = _modules(tensors, self._facts)

    def continued(self, prompt: str, least: int) -> str:
        """Draw characters until a line ends after `least` of them."""
        with torch.inference_mode():
            return self._continued(prompt, least)

    def _continued(self, prompt: str, least: int) -> str:
        state, text = None, ""
        logits = torch.zeros(len(self.characters))
        for character in prompt:
            logits, state = self._step(character, state)
        if not prompt:
            logits, state = self._step("", state)
        while not (text.endswith("\n") and len(text) >= least):
            drawn = int(torch.multinomial(torch.softmax(logits, -1), 1))
            text += self.characters[drawn]
            logits, state = self._step(text[-1], state)
        return text.strip()

    def _step(self, character: str, state: Any) -> tuple[torch.Tensor, Any]:
        x = torch.zeros(1, 1, len(self.characters))
        if character:
            x[0, 0, self.characters.index(character)] = 1
        hidden, after = self._recurrent(x, state)
        return self._linear(hidden[0, 0]), after


def _modules(
    tensors: dict[str, torch.Tensor], facts: dict[str, Any]
) -> tuple[Any, torch.nn.Linear]:
    shape = facts["architecture"]
    kind = torch.nn.RNN if shape["cell"] == "rnn" else torch.nn.LSTM
    recurrent = kind(shape["vocab_size"], shape["hidden_size"], shape["layers"])
    linear = torch.nn.Linear(shape["hidden_size"], shape["vocab_size"])
    with torch.no_grad():
        for n in range(shape["layers"]):
            w_x, w_h, b = (
                _in_torchs_order(tensors[f"layers.{n}.{name}"], facts)
                for name in ("w_x", "w_h", "b")
            )
            getattr(recurrent, f"weight_ih_l{n}").copy_(w_x.T)
            getattr(recurrent, f"weight_hh_l{n}").copy_(w_h.T)
            getattr(recurrent, f"bias_ih_l{n}").copy_(b)
            getattr(recurrent, f"bias_hh_l{n}").zero_()
        linear.weight.copy_(tensors["w_y"].T)
        linear.bias.copy_(tensors["b_y"])
    return recurrent, linear


def _in_torchs_order(weights: torch.Tensor, facts: dict[str, Any]) -> torch.Tensor:
    """Reorder the gates of an LSTM along the last axis; weights of an RNN stay as they are."""
    if facts["architecture"]["cell"] == "rnn":
        return weights
    blocks = dict(zip(facts["gates"], weights.chunk(4, -1), strict=True))
    return torch.cat([blocks[gate] for gate in TORCH_GATES], -1)


class TorchBot:
    """Answers /dino."""

    def __init__(self, folder: Path) -> None:
        self._dino = Network(folder, "dino")
        self._database = sqlite3.connect(folder / "torch.db", check_same_thread=False)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answers (person INTEGER, prompt TEXT, answer TEXT)"
        )

    async def dino(self, update: Update, _context: Any) -> None:
        """Send a new name."""
        text = await asyncio.to_thread(self._new_name)
        if update.message and update.effective_user:
            await update.message.reply_html(f"<b>{text}</b>")
            with self._database:
                self._database.execute(
                    "INSERT INTO answers VALUES (?, ?, ?)", (update.effective_user.id, "", text)
                )

    def _new_name(self) -> str:
        while (name := self._dino.continued("", 2)) in self._dino.known:
            pass
        return name.capitalize()


def main(token: str, address: str, folder: str) -> None:
    """Serve until the process is told to stop, or stdin ends."""
    torch.set_num_threads(2)
    bot = TorchBot(Path(folder))
    application = ApplicationBuilder().token(token).base_url(f"{address}/bot").build()
    application.add_handler(CommandHandler("dino", bot.dino))
    threading.Thread(target=end_with_stdin, daemon=True).start()
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
