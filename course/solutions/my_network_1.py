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
