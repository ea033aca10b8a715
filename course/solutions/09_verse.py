# %% correlations
def correlations(states, feature):
    a, b = states - states.mean(axis=0), feature - feature.mean()
    return (b @ a) / np.sqrt((a**2).sum(axis=0) * (b**2).sum())

# %% hold
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, 1, 0, place]
        if n > 2:
            state[layer, 1, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% counts
def counts_after(counts, choice):
    found = set()
    for start in counts:
        for pattern in choice:
            if fits(pattern, start):
                found.add(start + len(pattern))
    return found

# %% allowed
def allowed(word, counts, ends):
    latest = max(start for starts in ends.values() for start in starts)
    leaves_room = any(n <= latest for n in our_counts_after(counts, PATTERNS[word]))
    return leaves_room or bool(ends.get(word, set()) & counts)

# %% rhymes
def rhymes(one, other):
    def split(word):
        place = max(n for n, sound in enumerate(word) if sound.endswith("1"))
        return word[place - 1 : place], word[place:]

    (before, tail), (before_other, tail_of_other) = split(one), split(other)
    return tail == tail_of_other and before != before_other

# %% choose
def choose(weights, sharpness, number):
    chances = softmax(sharpness * weights)
    return np.argmax(np.cumsum(chances) > number)
