"""Trains networks as courses teach them in torch, for a fixed time: an RNN, a GRU, a small
transformer, and two more.

"makemore" is an LSTM with the settings of that course: 64 units, a learning rate that stays, no
dropout. "nanoGPT" is a transformer with the settings that its README gives for a processor: 4
blocks of 128, windows of 64, 12 a batch.

The data are those of our trainer: names in padded batches, verse as parallel streams whose state is
carried on. The transformer reads windows of CONTEXT characters. AdamW trains all three, with a
learning rate that rises briefly and falls to a tenth along a cosine. The weights with the lowest
held-out loss count. A training that finds no new best for PATIENCE of its time ends. The time is
the CPU time of one thread.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import nn

from model.text.batches import Batch, name_batches, padded_batch, stream, stream_batches
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER

EMBEDDING, HIDDEN, LAYERS, HEADS = 64, 128, 4, 4
"""The recurrent networks have one layer of HIDDEN units; the transformer has LAYERS blocks as wide
as the embedding."""
CONTEXT, TRANSFORMER_BATCH = 128, 8
WIDTHS = {"makemore": 64, "nanoGPT": 128}
"""The units of a layer, or the width of a block, where they are others."""
NANO_CONTEXT, NANO_BATCH = 64, 12
LEARNING_RATES = {"RNN": 4e-3, "GRU": 4e-3, "transformer": 3e-3, "makemore": 5e-4, "nanoGPT": 1e-3}
WARM_UP, FINAL, WEIGHT_DECAY, CLIP_NORM = 0.02, 0.1, 0.01, 1.0
DROPOUT, SMALL_TEXT = 0.1, 100_000
"""Dropout is for texts of fewer than SMALL_TEXT training characters; larger texts gain nothing from
it in minutes."""
MEASURING, PATIENCE = 0.05, 0.35
"""The first share of the time goes into measuring; after the second without a new best, a training
ends."""
MEASURED = 10_000
"""A measurement during training takes this many held-out characters; the last measurement takes
all."""
SCORED_AT_ONCE = 64


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training: the held-out loss in nats per character, CPU seconds, steps and
    parameters.
    """

    loss: float
    seconds: float
    steps: int
    parameters: int


class Recurrent(nn.Module):  # type: ignore[misc]
    """Embedding, one recurrent layer, linear layer."""

    def __init__(self, kind: str, vocab_size: int, dropout: float) -> None:
        super().__init__()
        layer = {"RNN": nn.RNN, "GRU": nn.GRU, "makemore": nn.LSTM}[kind]
        hidden = WIDTHS.get(kind, HIDDEN)
        self.embedding = nn.Embedding(vocab_size + 1, EMBEDDING)  # the last id is NO_CHARACTER
        self.layer = layer(EMBEDDING, hidden)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden, vocab_size)

    def forward(self, ids: Any, state: Any = None) -> tuple[Any, Any]:
        """Logits (T, B, V) of the characters after the ids (T, B), and the state after them."""
        hidden, state = self.layer(self.dropout(self.embedding(ids)), state)
        return self.linear(self.dropout(hidden)), state


class Transformer(nn.Module):  # type: ignore[misc]
    """Embeddings of characters and positions, blocks of causal attention, linear layer."""

    def __init__(self, kind: str, vocab_size: int, dropout: float) -> None:
        super().__init__()
        width = WIDTHS.get(kind, EMBEDDING)
        self.context = NANO_CONTEXT if kind == "nanoGPT" else CONTEXT
        self.embedding = nn.Embedding(vocab_size + 1, width)
        self.positions = nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width,
                HEADS,
                4 * width,
                dropout,
                nn.functional.gelu,
                batch_first=True,
                norm_first=True,
            )
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, vocab_size)

    def forward(self, ids: Any, state: Any = None) -> tuple[Any, Any]:
        """Logits (T, B, V) of the characters after the ids (T, B), T at most CONTEXT; there is no
        state.
        """
        time_steps = len(ids)
        hidden = self.embedding(ids.T) + self.positions.weight[:time_steps]
        mask = nn.Transformer.generate_square_subsequent_mask(time_steps)
        for block in self.blocks:
            hidden = block(hidden, src_mask=mask, is_causal=True)
        return self.linear(self.norm(hidden)).transpose(0, 1), state


def train(
    kind: str,
    corpus: Corpus,
    seconds: float,
    seed: int,
    clock: Callable[[], float] = time.process_time,
) -> Outcome:
    """Train the network of this name for at most this many seconds."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network = network_for(kind, corpus)
    adam = torch.optim.AdamW(
        network.parameters(), LEARNING_RATES[kind], weight_decay=WEIGHT_DECAY, fused=True
    )
    sample = _first(corpus.held_out)
    best, best_at, weights, steps, measuring = math.inf, 0.0, _copy(network), 0, 0.0
    began = clock()
    state = None
    for batch, begins in _batches(kind, corpus, np.random.default_rng(seed)):
        spent = clock() - began
        for group in adam.param_groups:
            group["lr"] = LEARNING_RATES[kind] * (
                1 if kind == "makemore" else _schedule(spent / seconds)
            )
        state = _step(network, adam, batch, None if begins else state)
        steps += 1
        if spent >= seconds or measuring <= MEASURING * spent:
            started = clock()
            loss = held_out_loss(network, sample, corpus)
            measuring += clock() - started
            if loss < best:
                best, best_at, weights = loss, spent, _copy(network)
            if spent >= seconds or spent - best_at > PATIENCE * seconds:
                break
    network.load_state_dict(weights)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Outcome(held_out_loss(network, corpus.held_out, corpus), spent, steps, parameters)


def network_for(kind: str, corpus: Corpus) -> Any:
    """Return an untrained network for a corpus."""
    dropout = DROPOUT if sum(map(len, corpus.training)) < SMALL_TEXT and kind not in WIDTHS else 0.0
    make = Transformer if kind in ("transformer", "nanoGPT") else Recurrent
    return make(kind, len(corpus.vocabulary), dropout)


def _schedule(share: float) -> float:
    if share < WARM_UP:
        return share / WARM_UP
    done = min(1.0, (share - WARM_UP) / (1 - WARM_UP))
    return FINAL + (1 - FINAL) * 0.5 * (1 + math.cos(math.pi * done))


def _batches(
    kind: str, corpus: Corpus, generator: np.random.Generator
) -> Iterator[tuple[Batch, bool]]:
    """Yield batches without end, and whether each begins from the zero state."""
    while True:
        if corpus.form == "names":
            for batch in name_batches(corpus.training, corpus.vocabulary, 32, generator):
                yield batch, True
        else:
            shuffled = [corpus.training[n] for n in generator.permutation(len(corpus.training))]
            ids = stream(shuffled, corpus.vocabulary)
            ids = np.roll(ids, -int(generator.integers(len(ids))))
            size, length = {
                "transformer": (TRANSFORMER_BATCH, CONTEXT),
                "nanoGPT": (NANO_BATCH, NANO_CONTEXT),
            }.get(kind, (32, 64))
            for number, batch in enumerate(stream_batches(ids, size, length)):
                yield batch, number == 0


def _step(network: Any, adam: Any, batch: Batch, state: Any) -> Any:
    """Take a step, and return the state that the next one begins from."""
    network.train()
    logits, state = network(_as_ids(batch.inputs, network), state)
    loss = nn.functional.cross_entropy(
        logits.flatten(0, 1), _targets(batch).flatten(), ignore_index=NO_CHARACTER
    )
    adam.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
    adam.step()
    return (
        tuple(each.detach() for each in state)
        if isinstance(state, tuple)
        else None
        if state is None
        else state.detach()
    )


def _as_ids(inputs: Any, network: Any) -> Any:
    ids = torch.from_numpy(inputs)
    return torch.where(ids == NO_CHARACTER, network.embedding.num_embeddings - 1, ids)


def _targets(batch: Batch) -> Any:
    targets = (
        batch.targets if batch.mask is None else np.where(batch.mask, batch.targets, NO_CHARACTER)
    )
    return torch.from_numpy(targets)


def held_out_loss(network: Any, documents: Sequence[str], corpus: Corpus) -> float:
    """Measure what `model.evaluation` measures: each document from its beginning to the newline
    that ends it.
    """
    network.eval()
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    nats = 0.0
    ordered = sorted(documents, key=len)
    with torch.inference_mode():
        for start in range(0, len(ordered), SCORED_AT_ONCE):
            batch = padded_batch(
                ordered[start : start + SCORED_AT_ONCE], corpus.vocabulary, first=first
            )
            nats += _nats(network, batch)
    return nats / sum(len(document) + 1 for document in documents)


def _nats(network: Any, batch: Batch) -> float:
    """Sum the losses of a batch in windows that fit the transformer.

    All but the first begin half a window early.
    """
    inputs, targets, state, nats = _as_ids(batch.inputs, network), _targets(batch), None, 0.0
    context = network.context if isinstance(network, Transformer) else CONTEXT
    overlap = context // 2 if isinstance(network, Transformer) else 0
    at = 0
    while at < len(inputs):
        begin = max(0, at - overlap)
        logits, state = network(inputs[begin : begin + context], state)
        counted, wanted = logits[at - begin :], targets[at : begin + context]
        losses = nn.functional.cross_entropy(
            counted.flatten(0, 1), wanted.flatten(), ignore_index=NO_CHARACTER, reduction="sum"
        )
        nats += float(losses)
        at = begin + context
    return nats


def _first(documents: Sequence[str]) -> Sequence[str]:
    """Return the first documents that have MEASURED characters together, or all."""
    totals = accumulate(len(document) + 1 for document in documents)
    count = next(
        (number for number, total in enumerate(totals, 1) if total >= MEASURED), len(documents)
    )
    return documents[:count]


def _copy(network: Any) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}
