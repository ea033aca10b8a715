"""Draws a dinosaur name with torch, from the same file as ours; `cold_start` times it.

This lean program needs torch and safetensors alone.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors import safe_open


def main(folder: Path) -> None:
    """Load the released version and print a name."""
    version = (folder / "released").read_text(encoding="utf-8").strip()
    with safe_open(folder / f"{version}.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["mangosaurus"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    known = set(tensors["known_names"].numpy().tobytes().decode().split("\n"))
    name = ""
    with torch.inference_mode():
        while not name or name in known:
            name = _draw(_network(tensors), facts["vocabulary"])
    print(name.capitalize(), flush=True)


def _network(tensors: dict[str, torch.Tensor]) -> tuple[torch.nn.RNN, torch.nn.Linear]:
    vocab_size, hidden_size = tensors["layers.0.w_x"].shape
    rnn, linear = torch.nn.RNN(vocab_size, hidden_size), torch.nn.Linear(hidden_size, vocab_size)
    rnn.weight_ih_l0.copy_(tensors["layers.0.w_x"].T)
    rnn.weight_hh_l0.copy_(tensors["layers.0.w_h"].T)
    rnn.bias_ih_l0.copy_(tensors["layers.0.b"])
    rnn.bias_hh_l0.zero_()
    linear.weight.copy_(tensors["w_y"].T)
    linear.bias.copy_(tensors["b_y"])
    return rnn, linear


def _draw(network: tuple[torch.nn.RNN, torch.nn.Linear], characters: str) -> str:
    rnn, linear = network
    one_hot, state, name = torch.zeros(1, 1, len(characters)), None, ""
    while not name.endswith("\n"):
        hidden, state = rnn(one_hot, state)
        drawn = int(torch.multinomial(torch.softmax(linear(hidden[0, 0]), -1), 1))
        name += characters[drawn]
        one_hot = torch.zeros_like(one_hot)
        one_hot[0, 0, drawn] = 1
    return name.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
