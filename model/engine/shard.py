"""A process that goes forward and backward through its share of every batch: the other end of `parallel`.

Weights come and gradients go through memory that both processes see, for they are large. Everything else is a message
over pipes, safetensors with its length in front: ids, masks and state there, loss and state back. The process ends when
its input does, and so never outlives whoever started it. Not here: who splits batches and adds gradients up.
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

Packet = Mapping[str, NDArray[Any]]


def shared_bytes(architecture: Architecture, dtype: DTypeLike) -> int:
    """How much memory two processes share: the weights, and as many gradients."""
    return 2 * np.dtype(dtype).itemsize * size(architecture)


def shared_weights(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> tuple[Weights, Weights]:
    """The weights and the gradients in the memory behind a file descriptor."""
    numbers = np.frombuffer(mmap.mmap(descriptor, shared_bytes(architecture, dtype)), dtype)
    weights, gradients = np.split(numbers, 2)
    return Weights(architecture, weights), Weights(architecture, gradients)


def send(stream: IO[bytes], message: Packet) -> None:
    """Write a message; BrokenPipeError where nobody is left to read it."""
    data = save({name: np.ascontiguousarray(array) for name, array in message.items()})
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Packet:
    """Read a message; EOFError where there is no more."""
    (length,) = LENGTH.unpack(_read(stream, LENGTH.size))
    message: Packet = load(_read(stream, length))
    return message


def _read(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def command(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> list[str]:
    """The command that starts such a process."""
    facts = vars(architecture) | {"dtype": np.dtype(dtype).name}
    return [sys.executable, "-m", "model.engine.shard", str(descriptor), json.dumps(facts)]


def _serve(descriptor: int, architecture: Architecture, dtype: DTypeLike) -> None:
    weights, gradients = shared_weights(descriptor, architecture, dtype)
    language_model = LanguageModel(architecture, weights)
    training_step = TrainingStep(architecture, dtype, gradients)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    with blas_threads(1), np.errstate(over="ignore", invalid="ignore"):  # `trainer` tells of what that leads to
        while True:
            try:
                request = receive(requests)
            except EOFError:
                return
            nats, _, after = training_step.loss_and_gradients(
                language_model,
                Batch(request["inputs"], request["targets"], request.get("mask")),
                State(request["h"], request["c"]),
                characters=request["characters"].item(),
                dropout=list(request["dropout"]) if "dropout" in request else None,
            )
            send(answers, {"nats": np.array(nats), "h": after.h, "c": after.c})


if __name__ == "__main__":
    try:
        options = json.loads(sys.argv[2])
        chosen_dtype = options.pop("dtype")
        _serve(int(sys.argv[1]), Architecture(**options), chosen_dtype)
    except BrokenPipeError:
        os._exit(0)  # nobody reads any more; a usual end would only try to write the rest
