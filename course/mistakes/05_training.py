# %% mean-loss
# says: does the padding count?
def mean_loss(losses, targets):
    return losses.mean()


# %% mean-loss
# says: the newline, whose id is 0
def mean_loss(losses, targets):
    return losses[targets > 0].mean()


# %% mean-loss
# says: divide by its places too
def mean_loss(losses, targets):
    return np.where(targets >= 0, losses, 0).mean()


# %% mean-loss
# says: a short name then counts for more
def mean_loss(losses, targets):
    mask = targets >= 0
    return np.mean((losses * mask).sum(axis=0) / mask.sum(axis=0))


# %% adam-step
# says: averages that begin at 0
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return w - rate * m / (np.sqrt(v) + 1e-8), m, v


# %% adam-step
# says: the average of the *squares*
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g
    return w - rate * m / (1 - 0.9**t) / np.sqrt(np.abs(v) / (1 - 0.99**t)), m, v


# %% adam-step
# says: The next step needs m as it was before that
def adam_step(w, g, m, v, t, rate):
    m = (0.9 * m + 0.1 * g) / (1 - 0.9**t)
    v = (0.99 * v + 0.01 * g**2) / (1 - 0.99**t)
    return w - rate * m / (np.sqrt(v) + 1e-8), m, v


# %% adam-step
# says: where is the square root?
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return w - rate * (m / (1 - 0.9**t)) / (v / (1 - 0.99**t) + 1e-8), m, v


# %% adam-step
# says: uphill
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return w + rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8), m, v


# %% adam-step
# says: Is ε below the fraction line?
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return w - rate * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.99**t)) + 1e-8, m, v


# %% best-and-last
# says: Compare it with the lowest so far
def best_and_last(losses, patience):
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] > losses[epoch - 1] else 0
        if rises >= patience:
            return int(np.argmin(losses[: epoch + 1])), epoch
    return int(np.argmin(losses)), len(losses) - 1


# %% best-and-last
# says: you wait one epoch too long
def best_and_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best > patience:
            return best, epoch
    return best, len(losses) - 1


# %% best-and-last
# says: where no training is any more
def best_and_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return int(np.argmin(losses)), epoch
    return int(np.argmin(losses)), len(losses) - 1


# %% best-and-last
# says: a new best begins the count anew
def best_and_last(losses, patience):
    best = misses = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch > 0:
            misses += 1
            if misses >= patience:
                return best, epoch
    return best, len(losses) - 1


# %% best-and-last
# says: do you count the epochs from 1?
def best_and_last(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses)


# %% best-and-last
# says: does any loss ever become the lowest?
def best_and_last(losses, patience):
    best, lowest = 0, 0.0
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            best, lowest = epoch, loss
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


# %% soften
# says: you multiply by the temperature
def soften(logits, temperature):
    z = logits * temperature
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum()


# %% soften
# says: the exponential overflows
def soften(logits, temperature):
    exponentials = np.exp(logits / temperature)
    return exponentials / exponentials.sum()


# %% soften
# says: they do not add up to 1
def soften(logits, temperature):
    return softmax(logits) / temperature


# %% soften
# says: subtract the maximum above and below
def soften(logits, temperature):
    z = logits / temperature
    return np.exp(z - z.max()) / np.exp(z).sum()


# %% top-p
# says: what stays does not add up to 1
def top_p(p, share):
    order = np.argsort(-p)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result


# %% top-p
# says: the letter with which the sum reaches the share stays too
def top_p(p, share):
    order = np.argsort(-p)
    kept = order[np.cumsum(p[order]) < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()


# %% top-p
# says: Each letter should keep its place
def top_p(p, share):
    likeliest = np.sort(p)[::-1]
    result = np.where(np.cumsum(likeliest) - likeliest < share, likeliest, 0)
    return result / result.sum()


# %% top-p
# says: Begin with the likeliest letter
def top_p(p, share):
    result = np.where(np.cumsum(p) - p < share, p, 0)
    return result / result.sum()


# %% top-p
# says: Nothing comes after it
def top_p(p, share):
    result, total = np.zeros_like(p), 0.0
    for letter in np.argsort(-p):
        result[letter] = p[letter]
        total += p[letter]
        if total > share:
            break
    return result / result.sum()
