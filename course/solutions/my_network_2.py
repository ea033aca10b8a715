"""My network: it reads names, and invents new ones."""

from itertools import pairwise

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
