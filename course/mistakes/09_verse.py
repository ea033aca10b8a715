# %% correlations
# says: subtract the means first
def correlations(states, feature):
    return feature @ states / np.sqrt((states**2).sum(axis=0) * (feature**2).sum())

# %% correlations
# says: one mean for all units
def correlations(states, feature):
    a, b = states - states.mean(), feature - feature.mean()
    return (b @ a) / np.sqrt((a**2).sum(axis=0) * (b**2).sum())

# %% correlations
# says: a bracket round their product
def correlations(states, feature):
    a, b = states - states.mean(axis=0), feature - feature.mean()
    return (b @ a) / (a**2).sum(axis=0) * (b**2).sum()

# %% correlations
# says: covariance
def correlations(states, feature):
    a, b = states - states.mean(axis=0), feature - feature.mean()
    return (a * b[:, None]).mean(axis=0)

# %% hold
# says: `state[layer, 0]` is h
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, 0, 0, place]
        if n > 2:
            state[layer, 0, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: if nothing is held
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, 1, 0, place]
    state[layer, 1, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: to its value after the second letter
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n >= 2:
            early = state[layer, 1, 0, place]
            state[layer, 1, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: unit of the other layer
def share_of_end(text, unit):
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[0, 1, 0, unit % 384]
        if n > 2:
            state[0, 1, 0, unit % 384] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: is this one in the upper layer?
def share_of_end(text, unit):
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[0, 1, 0, unit]
        if n > 2:
            state[0, 1, 0, unit] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: All others go on
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state
        if n > 2:
            state = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: after the first letter
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 1:
            early = state[layer, 1, 0, place]
        if n > 1:
            state[layer, 1, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: did you read the newline first?
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of(text)):
        logits, state = network.step(np.array([each]), state)
        if n == 1:
            early = state[layer, 1, 0, place]
        if n > 1:
            state[layer, 1, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: Is an index missing before it?
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, 1, place]
        if n > 2:
            state[layer, 1, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: this is c itself
def share_of_end(text, unit):
    memory = memory_of("\n" + text)
    memory[3:, unit] = memory[2, unit]
    return memory[-1, unit]

# %% rhymes
# says: rhyme with itself
def rhymes(one, other):
    def tail(word):
        return word[max(n for n, sound in enumerate(word) if sound.endswith("1")) :]

    return tail(one) == tail(other) and one != other or one == other

# %% rhymes
# says: too much alike
def rhymes(one, other):
    def tail(word):
        return word[max(n for n, sound in enumerate(word) if sound.endswith("1")) :]

    return tail(one) == tail(other) and one != other

# %% rhymes
# says: Do you compare everything
def rhymes(one, other):
    return one != other and one[-1] == other[-1]

# %% rhymes
# says: the one consonant before it
def rhymes(one, other):
    def vowels(word):
        return [sound for sound in word if sound[-1].isdigit()]

    return vowels(one) == vowels(other) and len(one) == len(other) and one[:1] != other[:1]

# %% rhymes
# says: index -1 takes the last sound
def rhymes(one, other):
    n, m = (max(n for n, sound in enumerate(word) if sound.endswith("1")) for word in (one, other))
    return one[n:] == other[m:] and one[n - 1] != other[m - 1]

# %% correlations
# says: changes its argument states
def correlations(states, feature):
    states -= states.mean(axis=0)
    b = feature - feature.mean()
    return (b @ states) / np.sqrt((states**2).sum(axis=0) * (b**2).sum())

# %% correlations
# says: this is r²
def correlations(states, feature):
    return np.corrcoef(states.T, feature)[-1, :-1] ** 2

# %% correlations
# says: not by the number of letters
def correlations(states, feature):
    a, b = states - states.mean(axis=0), feature - feature.mean()
    return (b @ a) / (a.std(axis=0) * b.std())

# %% correlations
# says: mean of each letter over the units
def correlations(states, feature):
    a, b = states - states.mean(axis=1, keepdims=True), feature - feature.mean()
    return (b @ a) / np.sqrt((a**2).sum(axis=0) * (b**2).sum())

# %% hold
# says: is it held at 0?
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for each in vocabulary.ids_of("\n" + text):
        logits, state = network.step(np.array([each]), state)
        state[layer, 1, 0, place] = 0
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: Hold c alone
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, :, 0, place].copy()
        if n > 2:
            state[layer, :, 0, place] = early
    return softmax(logits)[0, vocabulary.newline]

# %% hold
# says: the share itself is asked for
def share_of_end(text, unit):
    layer, place = divmod(unit, 384)
    state = network.initial_state(1)
    for n, each in enumerate(vocabulary.ids_of("\n" + text)):
        logits, state = network.step(np.array([each]), state)
        if n == 2:
            early = state[layer, 1, 0, place]
        if n > 2:
            state[layer, 1, 0, place] = early
    return log_softmax(logits)[0, vocabulary.newline]

# %% rhymes
# says: does the last one count?
def rhymes(one, other):
    n, m = (min(n for n, sound in enumerate(word) if sound.endswith("1")) for word in (one, other))
    return one[n:] == other[m:] and one[:n][-1:] != other[:m][-1:]

# %% rhymes
# says: but it should be True or False
def rhymes(one, other):
    return [sound for sound in one if sound in other]

# %% counts
# says: Did you ask whether the word fits there?
def counts_after(counts, choice):
    return {start + len(pattern) for start in counts for pattern in choice}

# %% counts
# says: Is this where the word begins?
def counts_after(counts, choice):
    return {start for start in counts for pattern in choice if fits(pattern, start)}

# %% counts
# says: Does only the first way to say the word count?
def counts_after(counts, choice):
    return {start + len(choice[0]) for start in counts if choice and fits(choice[0], start)}

# %% counts
# says: Does only one of the counts before count?
def counts_after(counts, choice):
    start = max(counts) if counts else 10
    return {start + len(pattern) for pattern in choice if fits(pattern, start)}

# %% counts
# says: Are the old counts still among them?
def counts_after(counts, choice):
    return set(counts) | {s + len(pattern) for s in counts for pattern in choice if fits(pattern, s)}

# %% counts
# says: should be a set
def counts_after(counts, choice):
    for start in counts:
        for pattern in choice:
            if fits(pattern, start):
                return start + len(pattern)
    return 0

# %% counts
# says: changes its argument counts
def counts_after(counts, choice):
    while counts:
        start = counts.pop()
        for pattern in choice:
            if fits(pattern, start):
                return {start + len(pattern)}
    return set()

# %% counts
# says: Right.
def counts_after(counts, choice):
    return [s + len(pattern) for pattern in choice for s in sorted(counts) if fits(pattern, s)]

# %% allowed
# says: it may be the last word here
def allowed(word, counts, ends):
    latest = max(start for starts in ends.values() for start in starts)
    return any(n <= latest for n in our_counts_after(counts, PATTERNS[word]))

# %% allowed
# says: is not among the words that may be last
def allowed(word, counts, ends):
    return bool(our_counts_after(counts, PATTERNS[word]))

# %% allowed
# says: Did you ask for room?
def allowed(word, counts, ends):
    if word in ends and ends[word] & counts:
        return True
    return any(n < 10 for n in our_counts_after(counts, PATTERNS[word]))

# %% allowed
# says: is one count enough?
def allowed(word, counts, ends):
    latest = min(start for starts in ends.values() for start in starts)
    leaves_room = any(n <= latest for n in our_counts_after(counts, PATTERNS[word]))
    return leaves_room or bool(ends.get(word, set()) & counts)

# %% allowed
# says: it should be True or False
def allowed(word, counts, ends):
    latest = max(start for starts in ends.values() for start in starts)
    return {n for n in our_counts_after(counts, PATTERNS[word]) if n <= latest} | ends.get(word, set()) & counts

# %% choose
# says: is this always the line of the largest weight?
def choose(weights, sharpness, number):
    return np.argmax(weights)

# %% choose
# says: is `sharpness` used?
def choose(weights, sharpness, number):
    return np.argmax(np.cumsum(softmax(weights)) > number)

# %% choose
# says: did you divide by the sharpness?
def choose(weights, sharpness, number):
    return np.argmax(np.cumsum(softmax(weights / sharpness)) > number)

# %% choose
# says: Do the chances add up to 1?
def choose(weights, sharpness, number):
    chances = np.exp(sharpness * weights)
    return np.searchsorted(np.cumsum(chances), number, "right")

# %% choose
# says: It falls onto them laid end to end
def choose(weights, sharpness, number):
    return np.argmax(softmax(sharpness * weights) > number)

# %% choose
# says: is this the nearest end?
def choose(weights, sharpness, number):
    return np.argmin(abs(np.cumsum(softmax(sharpness * weights)) - number))

# %% choose
# says: should be the place of one line
def choose(weights, sharpness, number):
    return np.cumsum(softmax(sharpness * weights)) > number

# %% choose
# says: Right.
def choose(weights, sharpness, number):
    left = number
    for n, chance in enumerate(softmax(sharpness * weights)):
        left -= chance
        if left < 0:
            return n
    return len(weights) - 1

# %% rhymes
# says: nothing does not differ from nothing
def rhymes(one, other):
    p, q = (max(n for n, sound in enumerate(word) if sound.endswith("1")) for word in (one, other))
    return one[p:] == other[q:] and (p == 0 or q == 0 or one[p - 1] != other[q - 1]) and one is not other
