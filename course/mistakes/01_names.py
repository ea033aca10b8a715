"""Wrong answers to the exercises of chapter 1, each with a part of the sentence that must help,
and some right ones of an unusual kind."""


# %% count-pairs
# says: where is the end, 0, on both sides?
def ids_of(name, letters):
    return [letters.index(letter) for letter in name]


# %% count-pairs
# says: where is the 0 after the name?
def ids_of(name, letters):
    return [letters.index(letter) for letter in "\n" + name]


# %% count-pairs
# says: In code the end is
def ids_of(name, letters):
    return [letters.index(letter) for letter in "¶" + name + "¶"]


# %% count-pairs
# says: The check gave other `letters`, in another order
def ids_of(name, letters):
    return [0] + [ord(letter) - ord("a") + 1 for letter in name] + [0]


# %% count-pairs
# says: where in `letters` is each letter?
def ids_of(name, letters):
    return [ord(letter) for letter in "\n" + name + "\n"]


# %% count-pairs
# says: my_network.py has no `count_pairs`. Write it there, save the file
del count_pairs


# %% count-pairs
# says: It has `count_pair`: is that what you mean?
def count_pair(sequences, size):
    return np.zeros((size, size))


del count_pairs


# %% count-pairs
# says: my_network.py stops at line
counts = np.zero((27, 27))


# %% count-pairs
# says: Not yet: fill in
def count_pairs(sequences, size):
    ...


# %% count-pairs
# says: does the last pair of a name count
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids[:-1]):
            counts[before, after] += 1
    return counts


# %% count-pairs
# says: is the first letter of a pair the row, and the second the column?
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for n in range(1, len(ids)):
            counts[ids[n], ids[n - 1]] += 1
    return counts


# %% count-pairs
# says: is 1 added for each pair, or is the number only set to 1?
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] = 1
    return counts


# %% count-pairs
# says: are the pairs with ¶ left out?
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids[1:-1]):
            counts[before, after] += 1
    return counts


# %% count-pairs
# says: Is the array made anew for each name?
def count_pairs(sequences, size):
    for ids in sequences:
        counts = np.zeros((size, size))
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


# %% count-pairs
# says: Is `size` used?
def count_pairs(sequences, size):
    counts = np.zeros((27, 27))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


# %% count-pairs
# says: of a kind that begins again at 0
def count_pairs(sequences, size):
    counts = np.zeros((size, size), dtype=np.uint8)
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


# %% count-pairs
# says: all rows are the same
def count_pairs(sequences, size):
    counts = [[0] * size] * size
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before][after] += 1
    return np.array(counts)


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
# says: never asks the generator that it is given
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


# %% sample-name
# says: it was z each time: is the most probable letter taken, instead of one that is drawn?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        generator.random()
        last = probabilities[last].argmax()
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: never asks the generator that it is given. Does it make one of its own
def sample_name(probabilities, generator):
    generator = np.random.default_rng(1)
    name, last = "", 0
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: `"".join(letters)` makes one of them
def sample_name(probabilities, generator):
    name, last = [], 0
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name.append(LETTERS[last])


# %% sample-name
# says: all letters are small here
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name.capitalize()
        name += LETTERS[last]


# %% sample-name
# says: is it `bigram` that is asked?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        last = generator.choice(27, p=bigram[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: one letter is lost
def sample_name(probabilities, generator):
    name, last = "", generator.choice(27, p=probabilities[0])
    while True:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            return name
        name += LETTERS[last]


# %% sample-name
# says: it has one letter. Is there a loop?
def sample_name(probabilities, generator):
    return LETTERS[generator.choice(27, p=probabilities[0])]


# %% sample-name
# says: sample_name was not done after 3 seconds
def sample_name(probabilities, generator):
    name, last = "", generator.choice(27, p=probabilities[0])
    while last != 0:
        name = LETTERS[last]
    return name


# %% mean-loss
# says: does the end of each name count?
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-2])
        for t, target in enumerate(ids[1:-1]):
            costs.append(-np.log(p[t, target]))
    return np.mean(costs)


# %% mean-loss
# says: that is per name. How many letters are there in all names?
def mean_loss(predict, sequences):
    cost = 0
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            cost -= np.log(p[t, target])
    return cost / len(sequences)


# %% mean-loss
# says: that is the loss in bits
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log2(p[t, target]))
    return np.mean(costs)


# %% mean-loss
# says: Is there one mean, of all letters?
def mean_loss(predict, sequences):
    means = []
    for ids in sequences:
        p = predict(ids[:-1])
        means.append(np.mean([-np.log(p[t, target]) for t, target in enumerate(ids[1:])]))
    return np.mean(means)


# %% mean-loss
# says: should be one number
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return costs


# %% mean-loss
# says: for the whole list it is inf: is a product taken before the logarithm?
def mean_loss(predict, sequences):
    product, letters = 1, 0
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            product *= p[t, target]
            letters += 1
    with np.errstate(divide="ignore"):
        return -np.log(product) / letters


# %% mean-loss
# says: is this the probability of the letter that was read
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, letter in enumerate(ids[:-1]):
            costs.append(-np.log(p[t, letter]))
    return np.mean(costs)


# %% mean-loss
# says: Are the reads `ids[:-1]`?
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids)
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return np.mean(costs)


# %% mean-loss
# says: is it rounded?
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return round(np.mean(costs), 3)


# %% mean-loss
# says: It wants the ids of one name
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict("rex")
        for t, target in enumerate(ids[1:]):
            costs.append(-np.log(p[t, target]))
    return np.mean(costs)


# %% mean-loss
# says: is this the most probable letter, or the one that comes?
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t in range(len(p)):
            costs.append(-np.log(p[t].max()))
    return np.mean(costs)


# %% mean-loss
# says: predict gets one letter at a time
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        for before, after in pairwise(ids):
            costs.append(-np.log(predict([before])[0, after]))
    return np.mean(costs)


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


# %% smoothed
# says: this array holds whole numbers, and a fraction finds no room in it
def smoothed(counts, extra):
    counts += extra
    return counts / counts.sum(axis=1, keepdims=True)


# %% smoothed
# says: these are counts. When do they become probabilities?
def smoothed(counts, extra):
    return counts + extra


# %% smoothed
# says: Should not each row?
def smoothed(counts, extra):
    return (counts + extra) / (counts + extra).sum()


# %% count-different
# says: How many *different* letters?
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for _, before, after in zip(ids, ids[1:], ids[2:]):
            counts[before, after] += 1
    return counts


# %% count-different
# says: Which letters stand before it?
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


# %% count-different
# says: Is the set one of pairs?
def count_different(sequences, size):
    pairs = {pair for ids in sequences for pair in pairwise(ids[1:])}
    counts = np.zeros((size, size))
    for before, after in pairs:
        counts[before, after] += 1
    return counts


# %% count-different
# says: that is how many different letters come *after* a pair
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for before, after, _ in {triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:])}:
        counts[before, after] += 1
    return counts


# %% count-different
# says: these are the outer letters of a triple
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for before, _, after in {triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:])}:
        counts[before, after] += 1
    return counts


# %% count-different
# says: its pairs count 0
def count_different(sequences, size):
    triples = {triple for ids in sequences for triple in zip([None, *ids], ids, ids[1:])}
    counts = np.zeros((size, size))
    for _, before, after in triples:
        counts[before, after] += 1
    return counts


# %% count-pairs
# says: The last one has none after it. Does your loop end one sooner?
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for i in range(len(ids)):
            counts[ids[i], ids[i + 1]] += 1
    return counts


# %% count-pairs
# says: Your program knows only what stands in its file
def ids_of(name, letters):
    return [LETTERS.index(letter) for letter in "\n" + name + "\n"]


# %% count-pairs
# says: ids_of gets the name first, and then the letters
def ids_of(letters, name):
    return [letters.index(letter) for letter in "\n" + name + "\n"]


# %% count-pairs
# says: the ids are right, but ids_of returns a tuple
def ids_of(name, letters):
    return tuple(letters.index(letter) for letter in "\n" + name + "\n")


# %% count-pairs
# says: the ids are right, but ids_of returns a map
def ids_of(name, letters):
    return map(letters.index, "\n" + name + "\n")


# %% count-pairs
# says: they are a list of lists
def count_pairs(sequences, size):
    counts = [[0] * size for _ in range(size)]
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before][after] += 1
    return counts


# %% count-pairs
# says: a pair that occurs twice in a name counts once
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        counts[ids[:-1], ids[1:]] += 1
    return counts


# %% count-pairs
# says: Count name by name
def count_pairs(sequences, size):
    counts, flat = np.zeros((size, size)), np.concatenate(sequences)
    np.add.at(counts, (flat[:-1], flat[1:]), 1)
    return counts


# %% count-pairs
# says: the first id of a name has none before it
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for i in range(len(ids)):
            counts[ids[i - 1], ids[i]] += 1
    return counts


# %% count-pairs
# says: Does the array begin with zeros?
def count_pairs(sequences, size):
    counts = np.ones((size, size))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 1
    return counts


# %% sample-name
# says: it is empty. Does your loop begin at all?
def sample_name(probabilities, generator):
    name, last = "", 0
    while last != 0:
        last = generator.choice(27, p=probabilities[last])
        name += LETTERS[last]
    return name


# %% sample-name
# says: It only prints. Does it come to a `return`?
def sample_name(probabilities, generator):
    name, last = "", 0
    while True:
        if last == 0 and name:
            print(name)
        else:
            last = generator.choice(27, p=probabilities[last])
            if last:
                name += LETTERS[last]


# %% sample-name
# says: the first roll may show ¶, too
def sample_name(probabilities, generator):
    name = ""
    while not name:
        last = generator.choice(27, p=probabilities[0])
        while last:
            name += LETTERS[last]
            last = generator.choice(27, p=probabilities[last])
    return name


# %% sample-name
# says: Does it end before ¶ is drawn?
def sample_name(probabilities, generator):
    name, last = "", 0
    while len(name) < 40:
        last = generator.choice(27, p=probabilities[last])
        if last == 0:
            break
        name += LETTERS[last]
    return name


# %% mean-loss
# says: the names are glued together
def mean_loss(predict, sequences):
    ids = np.concatenate(sequences)
    p = predict(ids[:-1])
    return -np.log(p[range(len(p)), ids[1:]]).mean()


# %% mean-loss
# says: takes every target in every row
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        costs.extend(-np.log(predict(ids[:-1])[:, ids[1:]]).ravel())
    return np.mean(costs)


# %% mean-loss
# says: takes every target in every row
def mean_loss(predict, sequences):
    costs = sum(-np.log(predict(ids[:-1])[:, ids[1:]]).sum() for ids in sequences)
    return costs / sum(len(ids) - 1 for ids in sequences)


# %% mean-loss
# says: Is something added to the probabilities?
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        costs += [-np.log(p[t, target] + 1e-9) for t, target in enumerate(ids[1:])]
    return sum(costs) / len(costs)


# %% count-different
# says: and each triple adds 1. (`counts[a, b] += 1` with whole lists
def count_different(sequences, size):
    counts = np.zeros((size, size))
    triples = np.array([*{triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:])}])
    counts[triples[:, 1], triples[:, 2]] += 1
    return counts


# %% count-different
# says: Is the set one of pairs? Make it of triples.
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for before, after in {pair for ids in sequences for pair in pairwise(ids)}:
        counts[before, after] += 1
    return counts


# %% count-different
# says: Does the set begin anew with each name?
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for _, before, after in set(zip(ids, ids[1:], ids[2:])):
            counts[before, after] += 1
    return counts


# %% count-different
# says: the names are glued together
def count_different(sequences, size):
    counts, ids = np.zeros((size, size)), [each for ids in sequences for each in ids]
    for _, before, after in set(zip(ids, ids[1:], ids[2:])):
        counts[before, after] += 1
    return counts


# %% count-pairs
# says: Right.
def ids_of(name, letters):
    return np.array([0, *map(letters.index, name), 0])


def count_pairs(sequences, size):
    pairs = np.concatenate([np.array(ids[:-1]) * size + ids[1:] for ids in sequences])
    return np.bincount(pairs, minlength=size * size).reshape(size, size)


# %% sample-name
# says: Right.
def sample_name(probabilities, generator, last=0):
    roll = generator.random()
    last = int(np.searchsorted(probabilities[last].cumsum(), roll, side="right"))
    return "" if last == 0 else LETTERS[last] + sample_name(probabilities, generator, last)


# %% mean-loss
# says: Right.
def mean_loss(predict, sequences):
    import math

    costs = []
    for ids in sequences:
        for row, target in zip(predict(ids[:-1]), ids[1:]):
            costs.append(math.log(1 / row[target]))
    return math.fsum(costs) / len(costs)


# %% smoothed
# says: Right.
def smoothed(counts, extra):
    return np.array([[(each + extra) / (row.sum() + 27 * extra) for each in row] for row in counts])


# %% count-different
# says: Right.
def count_different(sequences, size):
    seen = np.zeros((size, size, size), dtype=bool)
    for ids in sequences:
        seen[ids[:-2], ids[1:-1], ids[2:]] = True
    return seen.sum(axis=0)


# %% count-different
# says: with three letters, count_different(sequences, 3), your array has the shape (27, 27)
def count_different(sequences, size):
    counts = np.zeros((27, 27))
    for _, before, after in {triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:])}:
        counts[before, after] += 1
    return counts


# %% count-different
# says: that is the pair 'i¶'. Which letters stand before it in ¶yi¶, ¶mei¶
def count_different(sequences, size):
    counts = np.zeros((size, size))
    for _, before, after in {triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:])}:
        counts[before, after] += 1
    return counts**2


# %% count-pairs
# says: How often does it stand in ¶yi¶, ¶mei¶, ¶minmi¶, ¶ababa¶?
def count_pairs(sequences, size):
    counts = np.zeros((size, size))
    for ids in sequences:
        for before, after in pairwise(ids):
            counts[before, after] += 2
    return counts


# %% mean-loss
# says: take one name, yi. It has three letters to pay for
def mean_loss(predict, sequences):
    costs = []
    for ids in sequences:
        p = predict(ids[:-1])
        for t, target in enumerate(ids[1:]):
            costs.append(1 - p[t, target])
    return np.mean(costs)


# %% smoothed
# says: here `extra` is 0.5. Every count grows by it, and then each row is divided
def smoothed(counts, extra):
    more = counts + 5 * extra
    return more / more.sum(axis=1, keepdims=True)
