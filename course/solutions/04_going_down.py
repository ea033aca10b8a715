"""The answers of chapter 4."""


# %% clip-by-value
def clip_by_value(gradients, limit):
    return {name: np.clip(gradient, -limit, limit) for name, gradient in gradients.items()}


# %% clip-by-norm
def clip_by_norm(gradients, limit):
    factor = min(1, limit / norm_of(gradients))
    return {name: gradient * factor for name, gradient in gradients.items()}


# %% optimize
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
    return loss, state
