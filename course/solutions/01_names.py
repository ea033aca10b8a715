# %% sample-name
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% smoothed
def smoothed(counts, extra):
    more = counts + extra
    return more / more.sum(axis=1, keepdims=True)


# %% count-different
def count_different(sequences, size):
    triples = set()
    for ids in sequences:
        for triple in zip(ids, ids[1:], ids[2:]):
            triples.add(triple)
    counts = np.zeros((size, size))
    for _, before, after in triples:
        counts[before, after] += 1
    return counts
