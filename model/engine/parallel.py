"""One training step on several cores: the batch is split, each part goes forward and backward, gradients are summed.

A recurrent step is made of small products and element-wise loops, which gain little from threads inside them, and
threads of Python wait for each other's interpreter some hundred times a step. So each further core has a process of its
own (`shard`), with a one-threaded BLAS (the caller limits its own, see `blas`). They meet once a step, at its end.

For a given number of threads the sums are always made in the same order, so the result is the same bit for bit.
Not here: several machines, and sampling, which is one thread's work.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import IO, Self, cast

import numpy as np

from model.engine.shard import Packet, command, receive, send, shared_bytes, shared_weights
from model.engine.training_step import TrainingStep
from model.errors import MangosaurusError
from model.files import ROOT
from model.network.language_model import LanguageModel, State
from model.network.layers import Array
from model.network.weights import Weights
from model.text.batches import Batch

ROWS_WORTH_A_THREAD = 16
PARTING = 10.0
"""Seconds that a process has for ending of its own accord."""


class ParallelError(MangosaurusError):
    """A process that was to help and ended."""


class Shards:
    """Computes `LanguageModel.loss_and_gradients` on up to `threads` cores; `close` ends the processes for that."""

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads is {threads}; it is at least 1")
        self._threads = threads
        self._own: TrainingStep | None = None
        self._helpers: list[_Helper] = []

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that help at present."""
        return [helper.process_id for helper in self._helpers]

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Weights, State]:
        """Loss in nats, gradients of loss / characters, last state: see `LanguageModel.loss_and_gradients`.

        The gradients are good until the next call. ParallelError where a process has ended. All calls until `close` are
        for networks of one architecture.
        """
        own, *others = (_Task(batch, state, dropout, part) for part in self._parts(batch.inputs.shape[1]))
        while len(self._helpers) < len(others):
            self._helpers.append(_Helper(language_model))
        helpers = self._helpers[: len(others)]
        try:
            for helper, task in zip(helpers, others, strict=True):
                helper.ask(language_model, task, characters)
            first = self._compute(language_model, own, characters)
            return _joined([first, *(helper.answer() for helper in helpers)])
        except BaseException:
            self.close()  # or an answer that nobody has read would be taken for that to the next question
            raise

    def _compute(self, language_model: LanguageModel, task: "_Task", characters: int) -> tuple[float, Weights, State]:
        self._own = self._own or TrainingStep(language_model.architecture, language_model.dtype)
        return self._own.loss_and_gradients(
            language_model, task.batch, task.state, characters=characters, dropout=task.dropout
        )

    def close(self) -> None:
        """End the processes; a later call starts new ones."""
        for helper in self._helpers:
            helper.close()
        self._helpers.clear()
        self._own = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _parts(self, batch_size: int) -> list[slice]:
        """Nearly equal runs of rows; fewer than there are threads where a thread's share would be too small."""
        count = max(1, min(self._threads, batch_size // ROWS_WORTH_A_THREAD))
        bounds = np.linspace(0, batch_size, count + 1).astype(int)
        return [slice(start, stop) for start, stop in pairwise(bounds)]


def _joined(results: list[tuple[float, Weights, State]]) -> tuple[float, Weights, State]:
    (nats, gradients, _), *others = results
    for more_nats, more_gradients, _ in others:
        nats += more_nats
        gradients.whole += more_gradients.whole
    states = [state for _, _, state in results]
    return nats, gradients, State(*(np.concatenate(parts, axis=1) for parts in zip(*states, strict=True)))


class _Task:
    """What one process has to do: some rows of everything."""

    def __init__(self, batch: Batch, state: State, dropout: Sequence[Array] | None, rows: slice) -> None:
        mask = None if batch.mask is None else batch.mask[:, rows]
        self.batch = Batch(batch.inputs[:, rows], batch.targets[:, rows], mask)
        self.state = State(state.h[:, rows], state.c[:, rows])
        self.dropout = None if dropout is None else [layer[rows] for layer in dropout]

    def message(self, characters: int) -> Packet:
        """As arrays by name."""
        batch, optional = self.batch, {}
        if batch.mask is not None:
            optional["mask"] = batch.mask
        if self.dropout is not None:
            optional["dropout"] = np.stack(self.dropout)
        required = {"inputs": batch.inputs, "targets": batch.targets, "characters": np.array(characters)}
        return required | self.state._asdict() | optional


class _Helper:
    """A process, and the memory that is shared with it."""

    def __init__(self, language_model: LanguageModel) -> None:
        architecture, dtype = language_model.architecture, language_model.dtype
        descriptor = _memory(shared_bytes(architecture, dtype))
        try:
            self._weights, self._gradients = shared_weights(descriptor, architecture, dtype)
            with _deaf_to_interrupts():
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own arguments
                    command(descriptor, architecture, dtype),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=[descriptor],
                    cwd=ROOT,
                )
        finally:
            os.close(descriptor)
        self._requests, self._answers = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def ask(self, language_model: LanguageModel, task: _Task, characters: int) -> None:
        """Hand over the present weights and a task."""
        self._weights.whole[:] = language_model.parameters.whole
        try:
            send(self._requests, task.message(characters))
        except BrokenPipeError:
            raise self._lost() from None

    def answer(self) -> tuple[float, Weights, State]:
        """Wait for the result; the gradients are good until the next task."""
        try:
            message = receive(self._answers)
        except EOFError:
            raise self._lost() from None
        return message["nats"].item(), self._gradients, State(message["h"], message["c"])

    def close(self) -> None:
        """Let the process end, by force if need be."""
        self._answers.close()  # before the other one: whoever writes an answer is not waiting for a question
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(PARTING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _lost(self) -> ParallelError:
        code = self._process.wait(PARTING)
        ending = f"signal {-code}" if code < 0 else f"code {code}"
        return ParallelError(f"a process that trains along has ended ({ending}); train again to go on")


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, from their first moment on: they end when the one that asks ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _memory(size: int) -> int:
    """A file descriptor of that much memory without a name, so that nothing of it is left however we end."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("weights")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor
