"""A process that takes its share of every batch forward and backward; `parallel` starts it and talks to it.

Weights and gradients are large, so they lie in memory that both processes share. Everything else goes through pipes,
as safetensors with their length in front: ids, masks and state come in, loss and state go out. The process ends when
its input does, so it never outlives the process that started it.
"""

import json
import mmap
import os
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from safetensors.numpy import load, save

from model.engine.threads import blas_threads
from model.engine.training_step import TrainingStep
from model.network.architecture import Architecture
from model.network.language_model import LanguageModel, State
from model.network.weights import Weights, size
from model.text.batches import Batch

LENGTH = struct.Struct("<Q")

Message = Mapping[str, NDArray[Any]]


def shared_bytes(architecture: Architecture, dtype: DTypeLike) -> int:
    """The size of the shared memory: the weights, and as many gradients."""
    return 2 * np.dtype(dtype).itemsize * size(architecture)


def shared_weights(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> tuple[Weights, Weights]:
    """The weights and the gradients in the shared memory behind a file descriptor."""
    numbers = np.frombuffer(mmap.mmap(descriptor, shared_bytes(architecture, dtype)), dtype)
    weights, gradients = np.split(numbers, 2)
    return Weights(architecture, weights), Weights(architecture, gradients)


def send(stream: IO[bytes], message: Message) -> None:
    """Write a message; BrokenPipeError if nobody reads it."""
    data = save({name: np.ascontiguousarray(array) for name, array in message.items()})
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Message:
    """Read a message; EOFError if the stream ends before it does."""
    (length,) = LENGTH.unpack(_read(stream, LENGTH.size))
    message: Message = load(_read(stream, length))
    return message


def _read(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def command(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> list[str]:
    """The command that starts a shard with the shared memory behind a file descriptor."""
    options = vars(architecture) | {"dtype": np.dtype(dtype).name}
    return [sys.executable, "-m", "model.engine.shard", str(descriptor), json.dumps(options)]


def _serve(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> None:
    weights, gradients = shared_weights(descriptor, architecture, dtype)
    language_model = LanguageModel(architecture, weights)
    training_step = TrainingStep(architecture, dtype, gradients)
    requests, results = sys.stdin.buffer, sys.stdout.buffer
    with blas_threads(1), np.errstate(over="ignore", invalid="ignore"):  # the trainer reports a loss that is not finite
        while True:
            try:
                request = receive(requests)
            except EOFError:
                return
            nats, _, after = training_step.loss_and_gradients(
                language_model,
                Batch(request["inputs"], request["targets"], request.get("mask"), request.get("probabilities")),
                State(request["h"], request["c"]),
                characters=request["characters"].item(),
                dropout=list(request["dropout"]) if "dropout" in request else None,
            )
            send(results, {"nats": np.array(nats), "h": after.h, "c": after.c})


if __name__ == "__main__":
    try:
        given_options = json.loads(sys.argv[2])
        given_dtype = given_options.pop("dtype")
        _serve(int(sys.argv[1]), Architecture(**given_options), given_dtype)
    except BrokenPipeError:
        os._exit(0)  # an ordinary exit would flush standard output, which nobody reads any more
