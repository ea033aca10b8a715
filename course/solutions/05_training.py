# %% masked-mean
def masked_mean(losses, targets):
    return losses[targets >= 0].mean()


# %% adam-step
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


# %% one-epoch
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters
