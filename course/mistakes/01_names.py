# %% count-pairs
# says: do the names end with ¶?
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        last = 0
        for letter in name:
            counts[last, ID[letter]] += 1
            last = ID[letter]
    return counts


# %% count-pairs
# says: is the first letter of a pair the row, and the second the column?
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        text = "\n" + name + "\n"
        for n in range(1, len(text)):
            counts[ID[text[n]], ID[text[n - 1]]] += 1
    return counts


# %% count-pairs
# says: is 1 added for each pair, or is the number only set to 1?
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            counts[ID[before], ID[after]] = 1
    return counts


# %% count-pairs
# says: where is ¶, before a name and after it?
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        for before, after in pairwise(name):
            counts[ID[before], ID[after]] += 1
    return counts


# %% count-pairs
# says: In code the end is
def count_pairs(names):
    counts = np.zeros((27, 27))
    for name in names:
        for before, after in pairwise("¶" + name + "¶"):
            counts[ID[before], ID[after]] += 1
    return counts


# %% sample-name
# says: is the most probable letter taken, instead of one that is drawn?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = np.argmax(probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: does the first draw use the row of ¶, and each further draw the row of the last letter?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        drawn = generator.choice(27, p=probabilities[last])
        if drawn == 0:
            return name
        name += LETTERS[drawn]


# %% sample-name
# says: ¶ begins and ends a name, but is no part of it
def sample_name(probabilities, generator):
    name, last = "", 0
    while not name.endswith("\n"):
        last = generator.choice(27, p=probabilities[last])
        name += LETTERS[last]
    return name


# %% sample-name
# says: is every letter drawn by `generator`?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = np.random.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: Does it end before ¶ is drawn?
def sample_name(probabilities, generator):
    name, last = "", 0
    for _ in range(10):
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            break
        name += LETTERS[last]
    return name


# %% mean-loss
# says: does the end of each name count?
def mean_loss(probabilities, names):
    losses = []
    for name in names:
        for before, after in pairwise("\n" + name):
            losses.append(-np.log(probabilities[ID[before], ID[after]]))
    return np.mean(losses)


# %% mean-loss
# says: that is per name. How many letters are there in all names?
def mean_loss(probabilities, names):
    loss = 0
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            loss -= np.log(probabilities[ID[before], ID[after]])
    return loss / len(names)


# %% mean-loss
# says: that is the loss in bits
def mean_loss(probabilities, names):
    losses = []
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            losses.append(-np.log2(probabilities[ID[before], ID[after]]))
    return np.mean(losses)


# %% mean-loss
# says: where is ¶, before a name and after it?
def mean_loss(probabilities, names):
    losses = []
    for name in names:
        for before, after in pairwise(name):
            losses.append(-np.log(probabilities[ID[before], ID[after]]))
    return np.mean(losses)


# %% mean-loss
# says: Is there one mean, of all letters?
def mean_loss(probabilities, names):
    means = []
    for name in names:
        losses = [-np.log(probabilities[ID[before], ID[after]]) for before, after in pairwise("\n" + name + "\n")]
        means.append(np.mean(losses))
    return np.mean(means)


# %% mean-loss
# says: should be one number
def mean_loss(probabilities, names):
    losses = []
    for name in names:
        for before, after in pairwise("\n" + name + "\n"):
            losses.append(-np.log(probabilities[ID[before], ID[after]]))
    return losses


# %% smoothed
# says: are the sums taken before adding?
def smoothed(counts, extra):
    return (counts + extra) / counts.sum(axis=1, keepdims=True)


# %% smoothed
# says: What does keepdims do?
def smoothed(counts, extra):
    return (counts + extra) / (counts + extra).sum(axis=1)


# %% smoothed
# says: by how much does a row of 27 numbers grow?
def smoothed(counts, extra):
    return (counts + extra) / (counts.sum(axis=1, keepdims=True) + extra)


# %% smoothed
# says: or only the zeros?
def smoothed(counts, extra):
    more = np.where(counts == 0, extra, counts)
    return more / more.sum(axis=1, keepdims=True)
