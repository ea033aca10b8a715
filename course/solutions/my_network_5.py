"""My network: it reads names, and invents new ones."""

from itertools import pairwise
from pathlib import Path

import numpy as np

# Chapter 1: names, and how to measure


def ids_of(name, letters):
    return [letters.index(letter) for letter in "\n" + name + "\n"]


def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return np.mean(costs)


# Chapter 2: softmax, a table that learns, a network that reads


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# Chapter 3: the way back


def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# Chapter 4: learning


def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm <= limit:
        return gradients
    return {name: gradient * limit / norm for name, gradient in gradients.items()}


def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return cost


# Chapter 5: any list of names, and inventing with care


def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


def letters_of(names):
    return "\n" + "".join(sorted(set("".join(names))))


def top_p(p, share):
    order = np.argsort(-p)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()


def invent(parameters, letters, generator, temperature=1.0, share=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=top_p(p / p.sum(), share))
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])
