# %% mean-loss
def mean_loss(losses, targets):
    return losses[targets >= 0].mean()


# %% adam-step
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


# %% best-and-last
def best_and_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


# %% train-and-stop
def train_and_stop(network, names, others, patience):
    generator, adam, losses = np.random.default_rng(1), Adam(network.parameters.whole), []
    while True:
        for inputs, targets, mask in batches(names, generator):
            state = network.initial_state(inputs.shape[1])
            _, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
            gradient = gradients.whole / mask.sum()
            adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        losses.append(held_out_loss(network, others))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = network.parameters.whole.copy()
        if waited == patience:
            break
    network.parameters.whole[:] = best
    return losses


# %% top-p
def top_p(p, share):
    order = np.argsort(-p)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()
