# %% count-pairs
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            counts[ID[before], ID[after]] += 1
    return counts


# %% sample-name
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% mean-loss
def mean_loss(probabilities, names):
    losses = []
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            losses.append(-np.log(probabilities[ID[before], ID[after]]))
    return sum(losses) / len(losses)


# %% smoothed
def smoothed(counts, extra):
    more = counts + extra
    return more / more.sum(axis=1, keepdims=True)
