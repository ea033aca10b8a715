"""My network: it reads names, and invents new ones."""

import sys
from pathlib import Path

import numpy as np


def ids_of(name, letters):
    return [letters.index(letter) for letter in "\n" + name + "\n"]


def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return np.mean(costs)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm <= limit:
        return gradients
    return {name: gradient * limit / norm for name, gradient in gradients.items()}


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


def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def dropout_mask(shape, share, generator):
    return (generator.random(shape) >= share) / (1 - share)


def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            if dropout:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, 5, memory, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


def save(path, parameters, letters):
    np.savez(path, letters=letters, **parameters)


def load(path):
    with np.load(path) as arrays:
        parameters = dict(arrays)
    letters = str(parameters.pop("letters"))
    return parameters, letters


def learn(path, generator):
    names, others = read_names(path)
    letters = letters_of(names + others)
    training, held_out = ([ids_of(name, letters) for name in some] for some in (names, others))
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.003, 5, generator, adam=True)
    print(f"after epoch {np.argmin(losses) + 1}: {min(losses):.3f} nats per letter, held out")
    return parameters, letters


def main(path):
    generator, kept = np.random.default_rng(1), Path(path).with_suffix(".npz")
    if Path(path) == kept:
        parameters, letters = load(path)
    else:
        parameters, letters = learn(path, generator)
        save(kept, parameters, letters)
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


if __name__ == "__main__":
    main(sys.argv[1])
