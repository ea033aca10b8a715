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

# %% allowed
# says: What may follow a word that is complete?
def allowed_letters(part, start):
    return {
        word[len(part)]
        for word in WORDS
        if word.startswith(part) and word != part and (leads_on(word, start) or ends_line(word, start))
    }

# %% allowed
# says: Did you ask leads_on and ends_line?
def allowed_letters(part, start):
    found = {word[len(part)] for word in WORDS if word.startswith(part) and word != part}
    if part in WORDS and leads_on(part, start):
        found.add(" ")
    if part in WORDS and ends_line(part, start):
        found.add("\n")
    return found

# %% allowed
# says: '' is no complete word
def allowed_letters(part, start):
    found = set()
    for word in WORDS:
        if word.startswith(part):
            if word != part:
                found.add(word[len(part)])
            if leads_on(word, start):
                found.add(" ")
            if ends_line(word, start):
                found.add("\n")
    return found

# %% allowed
# says: single characters
def allowed_letters(part, start):
    return {word for word in WORDS if word.startswith(part) and leads_on(word, start)}

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

# %% allowed
# says: and also if it ends the line
def allowed_letters(part, start):
    found = set()
    for word in WORDS:
        if word.startswith(part) and leads_on(word, start):
            found.add(" " if word == part else word[len(part)])
        if word == part and ends_line(word, start):
            found.add("\n")
    return found

# %% allowed
# says: Does your loop end with the first word
def allowed_letters(part, start):
    for word in WORDS:
        if word.startswith(part) and (leads_on(word, start) or ends_line(word, start)):
            return {word[len(part)]} if word != part else {" "} if leads_on(word, start) else {"\n"}
    return set()

# %% rhymes
# says: does the last one count?
def rhymes(one, other):
    n, m = (min(n for n, sound in enumerate(word) if sound.endswith("1")) for word in (one, other))
    return one[n:] == other[m:] and one[:n][-1:] != other[:m][-1:]

# %% rhymes
# says: but it should be True or False
def rhymes(one, other):
    return [sound for sound in one if sound in other]
