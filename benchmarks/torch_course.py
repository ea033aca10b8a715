"""Trains an RNN or a GRU in torch as courses teach it, for a fixed time.

It has an embedding, one layer and a linear layer. The data are those of our trainer: names in
padded batches, verse as parallel streams whose state is carried on. AdamW trains, with a learning
rate that rises briefly and falls to a tenth along a cosine. The weights with the lowest held-out
loss count. The time is the CPU time of one thread.
"""

import math
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn

from model.text.batches import Batch, name_batches, padded_batch, stream, stream_batches
from model.text.corpus import Corpus
from model.text.vocabulary import NO_CHARACTER
from model.training.optimizer import warmup_cosine

EMBEDDING, HIDDEN = 64, 128
LEARNING_RATE, WARM_UP, FINAL = 4e-3, 0.02, 0.1
DROPOUT, SMALL_TEXT = 0.1, 100_000
"""Dropout is for texts of fewer than SMALL_TEXT training characters."""
MEASURING = 0.05
"""The share of the time that goes into measuring."""
MEASURED, SCORED_AT_ONCE = 500, 64
"""A measurement during training takes this many held-out documents; the last one takes all."""


class Network(nn.Module):  # type: ignore[misc]
    """Embedding, one recurrent layer, linear layer."""

    def __init__(self, kind: str, vocab_size: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size + 1, EMBEDDING)  # the last id is NO_CHARACTER
        self.layer = getattr(nn, kind)(EMBEDDING, HIDDEN)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(HIDDEN, vocab_size)

    def forward(self, ids: Any, state: Any = None) -> tuple[Any, Any]:
        """Return the logits (T, B, V) of what follows the ids (T, B), and the state after them."""
        ids = torch.where(ids == NO_CHARACTER, self.embedding.num_embeddings - 1, ids)
        hidden, state = self.layer(self.dropout(self.embedding(ids)), state)
        return self.linear(self.dropout(hidden)), state


def train(kind: str, corpus: Corpus, seconds: float, seed: int) -> float:
    """Train an "RNN" or a "GRU" for so many seconds, and return its held-out loss."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    dropout = DROPOUT if sum(map(len, corpus.training)) < SMALL_TEXT else 0.0
    network = Network(kind, len(corpus.vocabulary), dropout)
    adam = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.01, fused=True)
    best, lowest, measuring, spent = network, math.inf, 0.0, 0.0
    began, state = time.process_time(), None
    for batch, begins in _batches(corpus, np.random.default_rng(seed)):
        rate = LEARNING_RATE * warmup_cosine(spent / seconds, WARM_UP, FINAL)
        adam.param_groups[0]["lr"] = rate
        state = _step(network, adam, batch, None if begins else state)
        spent = time.process_time() - began
        if spent >= seconds or measuring <= MEASURING * spent:
            loss = held_out_loss(network, corpus.held_out[:MEASURED], corpus)
            measuring += time.process_time() - began - spent
            if loss < lowest:
                best, lowest = deepcopy(network), loss
        if spent >= seconds:
            break
    return held_out_loss(best, corpus.held_out, corpus)


def _batches(corpus: Corpus, generator: np.random.Generator) -> Iterator[tuple[Batch, bool]]:
    """Yield batches without end, and whether each begins from the zero state."""
    while True:
        if corpus.form == "names":
            for batch in name_batches(corpus.training, corpus.vocabulary, 32, generator):
                yield batch, True
        else:
            shuffled = [corpus.training[n] for n in generator.permutation(len(corpus.training))]
            ids = stream(shuffled, corpus.vocabulary)
            for number, batch in enumerate(stream_batches(ids, 32, 64)):
                yield batch, number == 0


def _step(network: Network, adam: Any, batch: Batch, state: Any) -> Any:
    """Take a step, and return the state that the next one begins from."""
    network.train()
    loss, state = _nats(network, batch, state)
    adam.zero_grad(set_to_none=True)
    (loss / batch.target_count).backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    adam.step()
    return state.detach()


def held_out_loss(network: Network, documents: Sequence[str], corpus: Corpus) -> float:
    """Measure what `model.evaluation` measures: each document from its beginning to the newline
    that ends it.
    """
    network.eval()
    first = NO_CHARACTER if corpus.form == "names" else corpus.vocabulary.newline
    nats = 0.0
    ordered = sorted(documents, key=len)
    with torch.inference_mode():
        for start in range(0, len(ordered), SCORED_AT_ONCE):
            some = ordered[start : start + SCORED_AT_ONCE]
            nats += float(_nats(network, padded_batch(some, corpus.vocabulary, first=first))[0])
    return nats / sum(len(document) + 1 for document in documents)


def _nats(network: Network, batch: Batch, state: Any = None) -> tuple[Any, Any]:
    logits, state = network(torch.from_numpy(batch.inputs), state)
    targets = np.where(batch.mask, batch.targets, NO_CHARACTER)
    nats = nn.functional.cross_entropy(
        logits.flatten(0, 1),
        torch.from_numpy(targets).flatten(),
        ignore_index=NO_CHARACTER,
        reduction="sum",
    )
    return nats, state
