"""Takes a training step on several cores: each process takes some rows of the batch, and gradients
are added up.

The caller computes the first share itself. Each further share has its own process, which runs BLAS
on one thread; the caller limits its own BLAS (see `threads`). A given number of threads always adds
in the same order, so the result is the same bit for bit.

Parameters and gradients are large, so they lie in memory that two processes share. Ids, masks and
state go out through a socket as safetensors; loss and state come back. A process ends when its
socket closes, so it never outlives the process that started it.
"""

import contextlib
import json
import logging
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from safetensors.numpy import load, save

from model.engine.network import Dropout, Engine
from model.engine.threads import CAN_SHARE, blas_threads
from model.errors import MangosaurusError
from model.files import ROOT
from model.network.layers import Array
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Parameters, parameter_count
from model.text.batches import Batch

logger = logging.getLogger(__name__)

FEWEST_ROWS = 16  # the fewest rows that are worth a process of their own
EXIT_TIMEOUT = 10.0  # a process that has not exited after this many seconds is killed

Message = dict[str, NDArray[Any]]
Outcome = tuple[
    float, Parameters, Array
]  # the loss in nats, the gradients, and the state after a batch


class ParallelError(MangosaurusError):
    """A process of the training has ended too early."""


class Shards:
    """Computes `Engine.loss_and_gradients` on up to `threads` cores; `close` ends the processes."""

    def __init__(self, threads: int) -> None:
        if threads > 1 and not CAN_SHARE:
            logger.warning("this system cannot share a training among processes: one thread trains")
            threads = 1
        self._threads = threads
        self._engine: Engine | None = None
        self._workers: list[_Worker] = []

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that run at present, without this one."""
        return [worker.process.pid for worker in self._workers]

    def loss_and_gradients(
        self,
        language_model: LanguageModel,
        batch: Batch,
        state: Array,
        *,
        divide_by: int = 1,
        dropout: Dropout = None,
    ) -> Outcome:
        """See `Engine.loss_and_gradients`; the next call overwrites the gradients.

        Until `close`, all networks must have the same architecture. ParallelError if a process has
        ended.
        """
        first, *others = self._split(batch.inputs.shape[1])
        while len(self._workers) < len(others):
            self._workers.append(_Worker(language_model))
        workers = self._workers[: len(others)]
        self._engine = self._engine or Engine(language_model.architecture, language_model.dtype)
        try:
            for worker, rows in zip(workers, others, strict=True):
                worker.send(
                    language_model,
                    _share(batch, state, dropout, rows) | {"divide_by": np.array(divide_by)},
                )
            own = None if dropout is None else [mask[first] for mask in dropout]
            nats, gradients, after = self._engine.loss_and_gradients(
                language_model,
                batch[:, first],
                state[:, :, first],
                divide_by=divide_by,
                dropout=own,
            )
            states = [after]
            for more_nats, more_gradients, after in [worker.receive() for worker in workers]:
                nats += more_nats
                gradients.whole += more_gradients.whole
                states.append(after)
        except BaseException:
            self.close()  # otherwise the next call would read the results of this one
            raise
        return nats, gradients, np.concatenate(states, axis=2)

    def close(self) -> None:
        """End the processes; a later call starts new ones."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._engine = None

    def _split(self, batch_size: int) -> list[slice]:
        """Split the rows into nearly equal parts of at least FEWEST_ROWS, at most one for each
        thread.
        """
        count = max(1, min(self._threads, batch_size // FEWEST_ROWS))
        bounds = np.linspace(0, batch_size, count + 1).astype(int)
        return [slice(start, stop) for start, stop in pairwise(bounds)]


def _share(batch: Batch, state: Array, dropout: Dropout, rows: slice) -> Message:
    """Return some rows of a batch, with their states and dropout masks, as arrays by name."""
    share = {name: array for name, array in vars(batch[:, rows]).items() if array is not None}
    share["state"] = state[:, :, rows]
    return (
        share
        if dropout is None
        else share | {"dropout": np.stack([mask[rows] for mask in dropout])}
    )


class _Worker:
    """A further process, as the process that started it sees it."""

    def __init__(self, language_model: LanguageModel) -> None:
        architecture, dtype = language_model.architecture, language_model.dtype
        options = json.dumps(vars(architecture) | {"dtype": dtype.name})
        memory, (ours, theirs) = _anonymous_memory(), socket.socketpair()
        # A process inherits blocked signals: it ignores Ctrl-C, and ends when the process that
        # started it ends.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._parameters, self._gradients = _shared(memory, architecture, dtype)
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own arguments
                [
                    sys.executable,
                    "-m",
                    "model.engine.processes",
                    str(memory),
                    str(theirs.fileno()),
                    options,
                ],
                pass_fds=[memory, theirs.fileno()],
                cwd=ROOT,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(memory)
            theirs.close()
        self._connection = Connection(ours.detach())

    def send(self, language_model: LanguageModel, share: Message) -> None:
        self._parameters.whole[:] = language_model.parameters.whole
        try:
            _send(self._connection, share)
        except OSError:
            raise self._ended() from None

    def receive(self) -> Outcome:
        """Wait for the outcome of the share; the next share overwrites its gradients."""
        try:
            message = load(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise self._ended() from None
        return message["nats"].item(), self._gradients, message["state"]

    def close(self) -> None:
        """End the process by closing its socket, or by force if it has not exited after
        EXIT_TIMEOUT.
        """
        self._connection.close()
        try:
            self.process.wait(EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _ended(self) -> ParallelError:
        self.close()
        code = self.process.returncode
        ending = f"signal {-code}" if code < 0 else f"code {code}"
        return ParallelError(
            f"a process of the training has ended ({ending}); train again to continue"
        )


def _serve(
    memory: int, connection: Connection, architecture: Architecture, dtype: DTypeLike
) -> None:
    """Compute shares until the socket closes; this is what a further process does."""
    parameters, gradients = _shared(memory, architecture, dtype)
    language_model, engine = (
        LanguageModel(architecture, parameters),
        Engine(architecture, dtype, gradients),
    )
    # The trainer reports a loss that is not finite. An error of the connection means that the
    # trainer has ended.
    with (
        blas_threads(1),
        np.errstate(over="ignore", invalid="ignore"),
        contextlib.suppress(EOFError, OSError),
    ):
        while True:
            share = load(connection.recv_bytes())
            nats, _, state = engine.loss_and_gradients(
                language_model,
                Batch(
                    share["inputs"], share["targets"], share.get("mask"), share.get("probabilities")
                ),
                share["state"],
                divide_by=share["divide_by"].item(),
                dropout=list(share["dropout"]) if "dropout" in share else None,
            )
            _send(connection, {"nats": np.array(nats), "state": state})


def _send(connection: Connection, message: Message) -> None:
    connection.send_bytes(
        save({name: np.ascontiguousarray(array) for name, array in message.items()})
    )


def _shared(
    memory: int, architecture: Architecture, dtype: DTypeLike
) -> tuple[Parameters, Parameters]:
    """Return the parameters and the gradients in the shared memory behind a file descriptor."""
    size = 2 * np.dtype(dtype).itemsize * parameter_count(architecture)
    os.truncate(memory, size)
    parameters, gradients = np.split(np.frombuffer(mmap.mmap(memory, size), dtype), 2)
    return Parameters(architecture, parameters), Parameters(architecture, gradients)


def _anonymous_memory() -> int:
    """Return a file descriptor of memory without a name, which vanishes with the processes that use
    it.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create("parameters")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


if __name__ == "__main__":
    given_memory, given_socket, given_options = sys.argv[1:]
    given = json.loads(given_options)
    given_dtype = given.pop("dtype")
    _serve(int(given_memory), Connection(int(given_socket)), Architecture(**given), given_dtype)
