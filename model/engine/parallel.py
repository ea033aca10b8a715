"""One training step on several cores: each process takes some rows of the batch, and the gradients are added up.

The caller computes the first share itself. Each further share has its own process (`shard`), which runs BLAS on one
thread; the caller limits its own BLAS (`threads`). For a given number of threads, sums are always made in the same
order, so the result is the same bit for bit.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import IO, Any, Self, cast

import numpy as np

from model.engine.shard import Message, command, receive, send, shared_bytes, shared_weights
from model.engine.training_step import TrainingStep
from model.errors import MangosaurusError
from model.files import ROOT
from model.network.language_model import LanguageModel, State
from model.network.layers import Array
from model.network.weights import Weights
from model.text.batches import Batch

FEWEST_ROWS = 16
"""The fewest rows that are worth a process of their own."""
EXIT_TIMEOUT = 10.0
"""Seconds that a process gets to exit before it is killed."""


class ParallelError(MangosaurusError):
    """A process of the training has ended before the training."""


class Shards:
    """Computes `LanguageModel.loss_and_gradients` on up to `threads` cores; `close` ends the processes."""

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads is {threads}; it must be at least 1")
        self._threads = threads
        self._training_step: TrainingStep | None = None
        self._workers: list[_Worker] = []

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that run at present, without this one."""
        return [worker.process_id for worker in self._workers]

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: State,
        *,
        characters: int,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Weights, State]:
        """See `LanguageModel.loss_and_gradients`; the next call overwrites the gradients.

        All networks have one architecture, until `close`. ParallelError if a process has ended.
        """
        own, *others = (_Share(batch, state, dropout, rows) for rows in self._split(batch.inputs.shape[1]))
        while len(self._workers) < len(others):
            self._workers.append(_Worker(language_model))
        workers = self._workers[: len(others)]
        try:
            for worker, share in zip(workers, others, strict=True):
                worker.send(language_model, share, characters)
            first = self._compute(language_model, own, characters)
            return _joined([first, *(worker.receive() for worker in workers)])
        except BaseException:
            self.close()  # otherwise the next call would read the results of this one
            raise

    def _compute(self, language_model: LanguageModel, share: "_Share", characters: int) -> tuple[float, Weights, State]:
        self._training_step = self._training_step or TrainingStep(language_model.architecture, language_model.dtype)
        return self._training_step.loss_and_gradients(
            language_model, share.batch, share.state, characters=characters, dropout=share.dropout
        )

    def close(self) -> None:
        """End the processes; a later call starts new ones."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._training_step = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _split(self, batch_size: int) -> list[slice]:
        """Split the rows into nearly equal runs: one for each thread, or fewer, of FEWEST_ROWS at least."""
        count = max(1, min(self._threads, batch_size // FEWEST_ROWS))
        bounds = np.linspace(0, batch_size, count + 1).astype(int)
        return [slice(start, stop) for start, stop in pairwise(bounds)]


def _joined(results: list[tuple[float, Weights, State]]) -> tuple[float, Weights, State]:
    (nats, gradients, _), *others = results
    for more_nats, more_gradients, _ in others:
        nats += more_nats
        gradients.whole += more_gradients.whole
    states = [state for _, _, state in results]
    return nats, gradients, State(*(np.concatenate(parts, axis=1) for parts in zip(*states, strict=True)))


class _Share:
    """Some rows of a batch, with their states and dropout masks: the work of one process."""

    def __init__(self, batch: Batch, state: State, dropout: Sequence[Array] | None, rows: slice) -> None:
        mask = None if batch.mask is None else batch.mask[:, rows]
        probabilities = None if batch.probabilities is None else batch.probabilities[:, rows]
        self.batch = Batch(batch.inputs[:, rows], batch.targets[:, rows], mask, probabilities)
        self.state = State(state.h[:, rows], state.c[:, rows])
        self.dropout = None if dropout is None else [layer[rows] for layer in dropout]

    def message(self, characters: int) -> Message:
        """The share as arrays by name."""
        batch = self.batch
        optional: dict[str, Any] = {}
        if batch.mask is not None:
            optional["mask"] = batch.mask
        if batch.probabilities is not None:
            optional["probabilities"] = batch.probabilities
        if self.dropout is not None:
            optional["dropout"] = np.stack(self.dropout)
        required = {"inputs": batch.inputs, "targets": batch.targets, "characters": np.array(characters)}
        return required | self.state._asdict() | optional


class _Worker:
    """A running `shard`, seen from the process that started it."""

    def __init__(self, language_model: LanguageModel) -> None:
        architecture, dtype = language_model.architecture, language_model.dtype
        descriptor = _anonymous_memory(shared_bytes(architecture, dtype))
        try:
            self._weights, self._gradients = shared_weights(descriptor, architecture, dtype)
            with _interrupts_blocked():
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own arguments
                    command(descriptor, architecture, dtype),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=[descriptor],
                    cwd=ROOT,
                )
        finally:
            os.close(descriptor)
        self._requests, self._results = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def send(self, language_model: LanguageModel, share: _Share, characters: int) -> None:
        """Send the network's present weights and a share of a batch."""
        self._weights.whole[:] = language_model.parameters.whole
        try:
            send(self._requests, share.message(characters))
        except BrokenPipeError:
            raise self._ended() from None

    def receive(self) -> tuple[float, Weights, State]:
        """Wait for the loss, gradients and state of the share; the next share overwrites the gradients."""
        try:
            message = receive(self._results)
        except EOFError:
            raise self._ended() from None
        return message["nats"].item(), self._gradients, State(message["h"], message["c"])

    def close(self) -> None:
        """End the process: by closing its pipes, or by force if it takes longer than EXIT_TIMEOUT."""
        self._results.close()  # first: a process that waits to write a result does not see that its input ends
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ended(self) -> ParallelError:
        code = self._process.wait(EXIT_TIMEOUT)
        ending = f"signal {-code}" if code < 0 else f"code {code}"
        return ParallelError(f"a process of the training has ended ({ending}); train again to continue")


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that ignore Ctrl-C from the beginning: they end when the process that started them ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _anonymous_memory(size: int) -> int:
    """Allocate memory behind a file descriptor. It has no name, so it vanishes with the processes that use it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("weights")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.truncate(descriptor, size)
    return descriptor
