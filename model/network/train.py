"""Trains a network on names, on one page to read, to change, and to run: `python -m model.network`.

The network reads a name letter by letter and says, before each letter, how likely every letter is
to come. The loss is -log of the probability of the letter that did come: 0 nats if it was sure, log
27 = 3.3 if it had no idea. The gradient says how the loss grows with each parameter, so we take a
small step the other way, for a few names at a time, again and again. In the end the network would
know its names by heart. So `__main__` keeps the network that was best on names that it never reads.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.random import Generator

from model.network.layers import Array, Ids, Mask, cross_entropy, softmax
from model.network.network import LanguageModel

LETTERS = "\nabcdefghijklmnopqrstuvwxyz"  # an index is an id; newlines begin and end a name
BATCH_SIZE, LEARNING_RATE, LONGEST_GRADIENT, LONGEST_NAME = 32, 0.003, 1.0, 50
Names = list[str]


def read_names(path: Path) -> tuple[Names, Names]:
    """Return the names to learn from, and a tenth to measure by: a name's hash says which."""
    text = path.read_text(encoding="utf-8-sig", errors="replace").lower()
    names = filter(None, map(str.strip, text.splitlines()))
    hashes = {name: int(sha256(name.encode()).hexdigest(), 16) for name in names}
    if wrong := set("".join(hashes)) - set(LETTERS):
        raise ValueError(f"{path} has {min(wrong)!r}, which LETTERS in train.py lacks; add it")
    training = [name for name, number in hashes.items() if number % 10 != 0]
    held_out = [name for name, number in hashes.items() if number % 10 == 0]
    if not training or not held_out:
        raise ValueError(f"{path} has too few names to hold a tenth of them out")
    return training, held_out


def batch_of(names: Names) -> tuple[Ids, Ids, Mask]:
    """Return inputs, targets and mask (T, B). A name is a column; what is left below it is -1."""
    ids = np.full((max(map(len, names)) + 2, len(names)), -1)
    for column, name in zip(ids.T, names, strict=True):
        column[: len(name) + 2] = [LETTERS.index(letter) for letter in "\n" + name + "\n"]
    return ids[:-1], ids[1:], ids[1:] >= 0


def batches(names: Names, generator: Generator) -> list[tuple[Ids, Ids, Mask]]:
    """Return all names once, in random order, BATCH_SIZE in a batch."""
    shuffled = generator.permutation(names).tolist()
    return [batch_of(shuffled[n : n + BATCH_SIZE]) for n in range(0, len(names), BATCH_SIZE)]


class Adam:
    """Adam (Kingma & Ba 2015): each step goes by the mean gradient m over its usual size √v."""

    def __init__(self, w: Array) -> None:
        self.w, self.m, self.v, self.steps = w, np.zeros_like(w), np.zeros_like(w), 0

    def update(self, gradient: Array, rate: float) -> None:
        self.steps += 1
        self.m += 0.1 * (gradient - self.m)
        self.v += 0.01 * (gradient**2 - self.v)
        m = self.m / (1 - 0.9**self.steps)  # makes up for beginning at 0
        v = self.v / (1 - 0.99**self.steps)
        self.w -= rate * m / (np.sqrt(v) + 1e-8)


def train(model: LanguageModel, names: Names, generator: Generator) -> Iterator[float]:
    """Read all names again and again; yield the mean loss of each pass, in nats per character."""
    adam = Adam(model.parameters.whole)
    while True:
        costs = []
        for inputs, targets, mask in batches(names, generator):
            state = model.initial_state(inputs.shape[1])
            cost, gradients, _ = model.loss_and_gradients(inputs, targets, state, mask)
            gradient = gradients.whole / int(mask.sum())
            gradient *= min(1.0, LONGEST_GRADIENT / float(np.linalg.norm(gradient)))
            adam.update(gradient, LEARNING_RATE)
            costs.append(cost)
        yield sum(costs) / sum(len(name) + 1 for name in names)


def held_out_loss(model: LanguageModel, names: Names) -> float:
    """Return the mean loss in nats per character; the newline at the end of a name is one."""
    inputs, targets, mask = batch_of(names)
    logits = model.forward(inputs, model.initial_state(len(names))).logits
    return cross_entropy(logits, targets, mask)[0] / int(mask.sum())


def sample(model: LanguageModel, generator: Generator, temperature: float = 1.0) -> str:
    """Draw a name. Each letter that is drawn is the next one that the network reads."""
    state, drawn, name = model.initial_state(1), 0, ""
    while not name.endswith("\n") and len(name) < LONGEST_NAME:
        logits, state = model.step(np.array([drawn]), state)
        drawn = generator.choice(len(LETTERS), p=softmax(logits[0].astype(float) / temperature))
        name += LETTERS[drawn]
    return name.strip()
