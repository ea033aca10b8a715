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
# says: your z is not right at [1].
z = (-2, -0.5)
h = (-0.96, -0.46)
p = (0.05, 0, 0.95)

# %% third-step
# says: your h is still missing
z = (-2, -0.71)
h = ...
p = ...


# %% softmax
# says: your softmax has the right shape, but 7.389 at [2], where 0.7101 is right: what is still missing
def softmax(logits):
    return np.exp(logits)


# %% softmax
# says: e^1000 is too large for the computer
def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum()


# %% softmax
# says: is e to the power of the logits missing?
def softmax(logits):
    return logits / sum(logits)


# %% step
# says: is tanh missing?
def step(x, h, w_x, w_h, b):
    return x @ w_x + b + h @ w_h


# %% step
# says: are the old state and w_h in the right order
def step(x, h, w_x, w_h, b):
    return np.tanh(x @ w_x + b + w_h @ h)


# %% step
# says: is there one tanh, of the whole sum?
def step(x, h, w_x, w_h, b):
    return np.tanh(x @ w_x + b) + np.tanh(h @ w_h)


# %% step
# says: is the bias b missing?
def step(x, h, w_x, w_h, b):
    return np.tanh(x @ w_x + h @ w_h)


# %% step
# says: Is there a `*` where `@` is meant?
def step(x, h, w_x, w_h, b):
    return np.tanh(x * w_x + b + h * w_h)


# %% word-loss
# says: does each step get the state that the step before left?
def word_loss(word):
    h, losses = np.zeros(2), []
    for letter, target in pairwise("\n" + word + "\n"):
        _, p = read_letter(letter, h)
        losses.append(-np.log(p[LETTERS.index(target)]))
    return sum(losses) / len(losses)


# %% word-loss
# says: is this the probability of the letter that was just read?
def word_loss(word):
    h, losses = np.zeros(2), []
    for letter in "\n" + word:
        h, p = read_letter(letter, h)
        losses.append(-np.log(p[LETTERS.index(letter)]))
    return np.mean(losses)


# %% word-loss
# says: does the end of the word count?
def word_loss(word):
    h, losses = np.zeros(2), []
    for letter, target in pairwise("\n" + word):
        h, p = read_letter(letter, h)
        losses.append(-np.log(p[LETTERS.index(target)]))
    return np.mean(losses)
