# %% third-step
z = (-2, -0.71)
h = (-0.964, -0.611)
p = (0.025, 0.000, 0.975)


# %% softmax
def softmax(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


# %% step
def step(x, h, w_x, w_h, b):
    return np.tanh(x @ w_x + b + h @ w_h)


# %% word-loss
def word_loss(word):
    h, losses = np.zeros(2), []
    for letter, target in pairwise("\n" + word + "\n"):
        h, p = read_letter(letter, h)
        losses.append(-np.log(p[LETTERS.index(target)]))
    return sum(losses) / len(losses)
