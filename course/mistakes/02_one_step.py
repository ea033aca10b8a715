"""Wrong answers to the exercises of chapter 2, each with a part of the sentence that must help,
and some right ones of an unusual kind."""


# %% third-step
# says: your z is not right: that is only the row of a. Where is the old state?
z = (-2, 1)
h = (-0.96, 0.76)
p = (0.94, 0.003, 0.06)

# %% third-step
# says: are rows of w_h added up, or columns?
z = (-1.25, 0.25)
h = (-0.85, 0.25)
p = (0.9, 0.01, 0.1)

# %% third-step
# says: is tanh still missing?
z = (-2, -0.71)
h = (-2, -0.71)
p = (0.02, 0, 0.98)

# %% third-step
# says: these are the logits
z = (-2, -0.71)
h = (-0.96, -0.61)
p = (1.06, -2.89, 4.72)


# %% third-step
# says: where is the first row of w_h
z = (-2, 0.25)
h = (-0.96, 0.25)
p = (0.98, 0, 0.02)

# %% third-step
# says: which three rows come together in it
z = (-2, -0.5)
h = (-0.96, -0.46)
p = (0.05, 0, 0.95)

# %% third-step
# says: your h is still missing
z = (-2, -0.71)
h = ...
p = ...


# %% third-step
# says: your p is in percent
z = (-2, -0.71)
h = (-0.964, -0.611)
p = (2.5, 0, 97.5)


# %% third-step
# says: your p has the right numbers in another order
z = (-2, -0.71)
h = (-0.964, -0.611)
p = (0.975, 0, 0.025)


# %% third-step
# says: your h is not right: where is the minus of the second number?
z = (-2, -0.71)
h = (-0.964, 0.611)
p = (0.025, 0, 0.975)


# %% softmax
# says: your softmax has the right shape, but 7.389 at [2], where 0.7101 is right: what is still missing
def softmax(logits):
    return np.exp(logits)


# %% softmax
# says: e^1000 is too large for the computer
def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


# %% softmax
# says: is e to the power of the logits missing?
def softmax(logits):
    return logits / logits.sum()


# %% softmax
# says: all rows together add up to 1. Which axis?
def softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


# %% softmax
# says: the columns add up to 1. Is axis -1 the last one?
def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=0))
    return exponentials / exponentials.sum(axis=0)


# %% softmax
# says: the largest is 1 now. Should not the sum be 1?
def softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.max()


# %% softmax
# says: the smallest logit gets the most
def softmax(logits):
    exponentials = np.exp(logits.max() - logits)
    return exponentials / exponentials.sum()


# %% learn-table
# says: it learns to avoid what comes
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += q[after] - p[before]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: is it the *mean* of the pushes?
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes
    return logits


# %% learn-table
# says: divided by the number of *all* pairs
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / times.sum()
    return logits


# %% learn-table
# says: these are probabilities. The logits are asked for.
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return softmax(logits)


# %% learn-table
# says: only the first epoch counts
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


# %% learn-table
# says: the logits move after each pair
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        for ids in sequences:
            for before, after in pairwise(ids):
                logits[before] -= rate * (softmax(logits[before]) - q[after])
    return logits


# %% learn-table
# says: the pushes of the epochs before are still in
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    pushes, times = np.zeros((size, size)), np.zeros((size, 1))
    for _ in range(epochs):
        p = softmax(logits)
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: Do the logits begin with zeros?
def learn_table(sequences, size, rate, epochs):
    logits, q = np.ones((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% forward
# says: is tanh missing?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = w_x[letter] + b + h[t] @ w_h
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: are the old state and w_h in the right order
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + w_h @ h[t])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: is there one tanh, of the whole sum?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b) + np.tanh(h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: is the bias b missing?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: does the state of the step before take part?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[0] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: is the old state multiplied by w_h?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: Is it h[1:]?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[:-1] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: should have one more
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h[1:]


# %% forward
# says: the two are the other way round
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return h, softmax(h[1:] @ parameters["w_y"] + parameters["b_y"])


# %% forward
# says: these are the logits. Where is softmax?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return h[1:] @ parameters["w_y"] + parameters["b_y"], h


# %% forward
# says: is the bias b_y missing?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"]), h


# %% forward
# says: should return two arrays, `return p, h`
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"])


# %% forward
# says: forward stops at
def forward(parameters, reads):
    w_h, b, w_x, w_y, b_y = parameters.values()
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ w_y + b_y), h


# %% forward
# says: only the first letter is read
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
        return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: p and h should be arrays
def forward(parameters, reads):
    h = [np.zeros(len(parameters["b"]))]
    for letter in reads:
        h.append(np.tanh(parameters["w_x"][letter] + parameters["b"] + h[-1] @ parameters["w_h"]))
    return softmax(np.array(h[1:]) @ parameters["w_y"] + parameters["b_y"]), h


# %% learn-table
# says: `learn_table` needs `softmax`, and yours is not right yet
def softmax(logits):
    return np.exp(logits)


# %% third-step
# says: Where is the minus?
z = (-2, 0.71)
h = (-0.96, 0.61)
p = (0.94, 0, 0.06)


# %% third-step
# says: it adds nothing to the first number
z = (-2.964, 0.254)
h = (-0.99, 0.25)
p = (0.98, 0, 0.02)


# %% third-step
# says: that is the tangent, in degrees
z = (-2, -0.71)
h = (-0.035, -0.012)
p = (0.3, 0.3, 0.4)


# %% third-step
# says: from the state that the second step left
z = (-2, -0.71)
h = (-0.964, -0.611)
p = (0, 0.972, 0.028)


# %% softmax
# says: the largest of the *whole table* is subtracted
def softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: Is the *largest* of these logits subtracted
def softmax(logits):
    exponentials = np.exp(logits - 1000)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: Is the *largest* logit subtracted
def softmax(logits):
    exponentials = np.exp(logits - np.maximum(logits.max(axis=-1, keepdims=True), 0))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: it gives 1000 and 999 the same
def softmax(logits):
    exponentials = np.exp(np.clip(logits, -500, 500))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: where `keepdims=True` leaves them
def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1)


# %% softmax
# says: `axis=-1` is the last axis of both
def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


# %% softmax
# says: A formula of NumPy works for both
def softmax(logits):
    exponentials = np.exp(logits - max(logits))
    return exponentials / sum(exponentials)


# %% softmax
# says: `np.array` makes one of a list
def softmax(logits):
    if np.ndim(logits) == 2:
        return [softmax(row) for row in logits]
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


# %% learn-table
# says: It should stay as it is
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    counts = count_pairs(sequences, size)
    times = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        for _ in range(epochs):
            logits = logits - rate * (times * softmax(logits) - counts) / times
    return logits


# %% learn-table
# says: Here it gets p, and no q
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    counts = count_pairs(sequences, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for _ in range(epochs):
        logits = logits - rate * (softmax(logits) - shares)
    return logits


# %% learn-table
# says: Take the softmax anew in each epoch
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    p = softmax(logits)
    for _ in range(epochs):
        pushes, times = np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - np.eye(size)[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: is it the row of the *second* letter that is pushed?
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[after] += p[before] - np.eye(size)[after]
                times[after] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: each *column* is divided by its own number
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros(size)
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - np.eye(size)[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: the logits move after each name
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    for _ in range(epochs):
        for ids in sequences:
            p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
            for before, after in pairwise(ids):
                pushes[before] += p[before] - np.eye(size)[after]
                times[before] += 1
            logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: the names are glued together
def learn_table(sequences, size, rate, epochs):
    logits, ids = np.zeros((size, size)), [each for ids in sequences for each in ids]
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for before, after in pairwise(ids):
            pushes[before] += p[before] - np.eye(size)[after]
            times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: a letter that is read twice in a name pushes once
def learn_table(sequences, size, rate, epochs):
    logits = np.zeros((size, size))
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            pushes[ids[:-1]] += p[ids[:-1]] - np.eye(size)[ids[1:]]
            times[ids[:-1]] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% forward
# says: all rows are the last state
def forward(parameters, reads):
    state, states = np.zeros(len(parameters["b"])), []
    states.append(state)
    for letter in reads:
        state[:] = np.tanh(parameters["w_x"][letter] + parameters["b"] + state @ parameters["w_h"])
        states.append(state)
    h = np.array(states)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: A letter has a row of w_x, not a column
def forward(parameters, reads):
    h = np.zeros((len(reads) + 1, len(parameters["b"])))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(parameters["w_x"][:, letter] + parameters["b"] + h[t] @ parameters["w_h"])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: Take each by its name
def forward(parameters, reads):
    w_x, w_h, b, w_y, b_y = parameters.values()
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ w_y + b_y), h


# %% forward
# says: is a size written as a number, such as 50?
def forward(parameters, reads):
    h = np.zeros((len(reads) + 1, 50))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(parameters["w_x"][letter] + parameters["b"] + h[t] @ parameters["w_h"])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: The row of the letter is the one at `reads[t]`
def forward(parameters, reads):
    h = np.zeros((len(reads) + 1, len(parameters["b"])))
    for t in range(len(reads)):
        h[t + 1] = np.tanh(parameters["w_x"][t] + parameters["b"] + h[t] @ parameters["w_h"])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% third-step
# says: Right.
z = [-2.0, -0.71]
h = np.tanh(z)
p = np.array([[0.02, 0.0, 0.98]])[0]


# %% softmax
# says: Right.
def softmax(logits):
    if logits.ndim == 2:
        return np.array([softmax(row) for row in logits])
    return np.array([1 / np.exp(logits - each).sum() for each in logits])


# %% learn-table
# says: Right.
def learn_table(sequences, size, rate, epochs):
    counts, logits = count_pairs(sequences, size), np.zeros((size, size))
    times = counts.sum(axis=1, keepdims=True)
    for _ in range(epochs):
        logits = logits - rate * np.where(times > 0, softmax(logits) - counts / (times + 1e-99), 0)
    return logits


# %% forward
# says: Right.
def forward(parameters, reads):
    from itertools import accumulate

    def step(state, letter):
        return np.tanh(parameters["w_x"][letter] + state @ parameters["w_h"] + parameters["b"])

    h = np.array([*accumulate(reads, step, initial=np.zeros(len(parameters["b"])))])
    return np.stack([softmax(row @ parameters["w_y"] + parameters["b_y"]) for row in h[1:]]), h


# %% third-step
# says: Python writes a decimal point: 0.25 is one number, and 0,25 is two
z = (-2, -0,71)
h = ...
p = ...


# %% third-step
# says: Python writes a decimal point
z = (-2, -0.71)
h = (-0,964, -0,611)
p = ...


# %% third-step
# says: which three rows come together in it
z = (-3, 1)
h = ...
p = ...


# %% third-step
# says: your z is right. What is tanh of its first number
z = (-2, -0.71)
h = (-0.5, -0.5)
p = ...


# %% third-step
# says: your h is right. Its two numbers say how much
z = (-2, -0.71)
h = (-0.964, -0.611)
p = (0.2, 0.2, 0.6)


# %% softmax
# says: Subtract the *largest* logit, not the mean or the first
def softmax(logits):
    exponentials = np.exp(logits - logits.mean(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: two steps are all
def softmax(logits):
    exponentials = np.exp(logits / 3)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% softmax
# says: Of a table, each row is for itself
def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)[..., :1].max()


# %% learn-table
# says: try `learn_table([[0, 1, 0]], 2, 1, 1)` by pencil
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += (p[before] - q[after]) ** 3
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% forward
# says: each new row is tanh of a sum of three
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(2 * (w_x[letter] + b + h[t] @ w_h))
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% forward
# says: your h is right. The logits are the new states times w_y, plus b_y
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)))
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(2 * h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% softmax
# says: Subtract the *largest* logit, not the mean or the first
def softmax(logits):
    exponentials = np.exp(logits - logits[..., :1])
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# %% learn-table
# says: that is one epoch too many
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs + 1):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 1)
    return logits


# %% learn-table
# says: try `learn_table([[0, 1, 0]], 2, 1, 1)` by pencil
def learn_table(sequences, size, rate, epochs):
    logits, q = np.zeros((size, size)), np.eye(size)
    for _ in range(epochs):
        p, pushes, times = softmax(logits), np.zeros((size, size)), np.zeros((size, 1))
        for ids in sequences:
            for before, after in pairwise(ids):
                pushes[before] += p[before] - q[after]
                times[before] += 1
        logits -= rate * pushes / np.maximum(times, 2)
    return logits


# %% forward
# says: float32 rounds your numbers
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h = np.zeros((len(reads) + 1, len(b)), np.float32)
    for t, letter in enumerate(reads):
        h[t + 1] = np.tanh(w_x[letter] + b + h[t] @ w_h)
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h


# %% third-step
# says: should have 2 numbers in brackets, and has 1. There is one for each unit
z = -2
h = ...
p = ...
