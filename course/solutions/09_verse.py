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

# %% allowed
def allowed_letters(part, start):
    found = set()
    for word in WORDS:
        if not word.startswith(part):
            continue
        if word == part:
            if leads_on(word, start):
                found.add(" ")
            if ends_line(word, start):
                found.add("\n")
        elif leads_on(word, start) or ends_line(word, start):
            found.add(word[len(part)])
    return found

# %% rhymes
def rhymes(one, other):
    def split(word):
        place = max(n for n, sound in enumerate(word) if sound.endswith("1"))
        return word[place - 1 : place], word[place:]

    (before, tail), (before_other, tail_of_other) = split(one), split(other)
    return tail == tail_of_other and before != before_other
