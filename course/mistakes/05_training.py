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


# %% train-and-stop
# says: Do you put the best numbers back
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    return losses


# %% train-and-stop
# says: a copy, made with `.copy()`
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: You stop too soon
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == 1:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: You stop too late
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited > patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: You stop too late
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    for _ in range(40):
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: Is there a better rate?
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.1)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: Do the steps go downhill
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), -0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: Does it stop when the patience runs out?
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: a name of `others`
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names + others, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: no step was taken
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            gradients.whole[:] /= mask.sum()
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% train-and-stop
# says: a list of losses
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return min(losses)


# %% train-and-stop
# says: Are your losses the held-out ones?
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            adam.update(gradients.whole / mask.sum(), 0.01)
        losses.append(held_out_loss(network, others[:32]))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


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
