"""Wrong answers to the exercises of chapter 4, each with a part of the sentence that must help."""


# %% clip-by-value
# says: What about numbers below -limit?
def clip_by_value(gradients, limit):
    return {name: np.minimum(gradient, limit) for name, gradient in gradients.items()}


# %% clip-by-value
# says: Is what np.clip returns used?
def clip_by_value(gradients, limit):
    for gradient in gradients.values():
        np.clip(gradient, -limit, limit)
    return gradients


# %% clip-by-value
# says: They should become the limit
def clip_by_value(gradients, limit):
    return {name: gradient * (np.abs(gradient) <= limit) for name, gradient in gradients.items()}


# %% clip-by-value
# says: should return a dictionary with the names w, b
def clip_by_value(gradients, limit):
    return [np.clip(gradient, -limit, limit) for gradient in gradients.values()]


# %% clip-by-value
# says: clip_by_value returns nothing
def clip_by_value(gradients, limit):
    optimizer.clip_by_value(gradients, limit)


# %% clip-by-value
# says: Is its sign kept?
def clip_by_value(gradients, limit):
    return {name: np.where(np.abs(gradient) > limit, limit, gradient) for name, gradient in gradients.items()}


# %% clip-by-value
# says: the limit was 4
def clip_by_value(gradients, limit):
    return {name: np.clip(gradient, -5, 5) for name, gradient in gradients.items()}


# %% clip-by-norm
# says: each array has its own norm
def clip_by_norm(gradients, limit):
    return {name: array * min(1, limit / np.linalg.norm(array)) for name, array in gradients.items()}


# %% clip-by-norm
# says: is stretched to 4
def clip_by_norm(gradients, limit):
    factor = limit / norm_of(gradients)
    return {name: array * factor for name, array in gradients.items()}


# %% clip-by-norm
# says: Is the root missing?
def clip_by_norm(gradients, limit):
    squares = sum((array**2).sum() for array in gradients.values())
    return {name: array * min(1, limit / squares) for name, array in gradients.items()}


# %% clip-by-norm
# says: this clips by value
def clip_by_norm(gradients, limit):
    return {name: np.clip(array, -limit, limit) for name, array in gradients.items()}


# %% clip-by-norm
# says: Take it once, at the start
def clip_by_norm(gradients, limit):
    for name in gradients:
        if norm_of(gradients) > limit:
            gradients[name] *= limit / norm_of(gradients)
    return gradients


# %% optimize
# says: the network is as it was
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter = parameter - learning_rate * gradients[name]
    return loss, state


# %% optimize
# says: the gradients were not clipped, or only after the update
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
    optimizer.clip_by_value(gradients, limit)
    return loss, state


# %% optimize
# says: it went uphill
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter += learning_rate * gradients[name]
    return loss, state


# %% optimize
# says: this is the state from before
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, _ = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
    return loss, state


# %% optimize
# says: should return two things
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, _ = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
    return loss


# %% optimize
# says: Is what your clip returns used?
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    {name: np.clip(gradient, -limit, limit) for name, gradient in gradients.items()}
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
    return loss, state


# %% optimize
# says: First `array = network.parameters[name]`
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name in network.parameters:
        network.parameters[name] -= learning_rate * gradients[name]
    return loss, state


# %% optimize
# says: Does `return` stand inside the loop?
def optimize(network, inputs, targets, state, learning_rate, limit):
    loss, gradients, state = network.loss_and_gradients(inputs, targets, state)
    optimizer.clip_by_value(gradients, limit)
    for name, parameter in network.parameters.items():
        parameter -= learning_rate * gradients[name]
        break
    return loss, state
