"""Wrong answers to the exercises of chapter 3, each with a part of the sentence that must help,
and some right ones of an unusual kind."""


# %% tanh-slope
# says: Is tanh taken a second time?
def tanh_slope(h):
    return 1 - np.tanh(h) ** 2


# %% tanh-slope
# says: is h squared?
def tanh_slope(h):
    return 1 - h


# %% tanh-slope
# says: this is the slope of the sigmoid
def tanh_slope(h):
    return h * (1 - h)


# %% tanh-slope
# says: it is right at 0, 1 and -1, but not between
def tanh_slope(h):
    return 1 - abs(h)


# %% tanh-slope
# says: `^` is no power in Python
def tanh_slope(h):
    return 1 - h ^ 2


# %% d-logits
# says: the sign is wrong
def d_logits(p, target):
    q = np.zeros(len(p))
    q[target] = 1
    return q - p


# %% d-logits
# says: still have to go back through the softmax
def d_logits(p, target):
    d = np.zeros(len(p))
    d[target] = -1 / p[target]
    return d


# %% d-logits
# says: Is 1 taken away from it?
def d_logits(p, target):
    return p


# %% d-logits
# says: that is one number, for the letter that came
def d_logits(p, target):
    return p[target] - 1


# %% d-logits
# says: only the letter that came is pushed
def d_logits(p, target):
    d = np.zeros(len(p))
    d[target] = p[target] - 1
    return d


# %% d-logits
# says: 1 is taken away from every letter
def d_logits(p, target):
    return p - 1


# %% one-step-back
# says: Is w_h turned on its side
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y.T + d_z_next @ w_h) * (1 - h**2)


# %% one-step-back
# says: is the slope of tanh still missing?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return d_logits @ w_y.T + d_z_next @ w_h.T


# %% one-step-back
# says: What does the next step say?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    d_h = d_logits @ w_y.T
    return d_h * (1 - h**2)


# %% one-step-back
# says: Is a bracket missing?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return d_logits @ w_y.T + d_z_next @ w_h.T * (1 - h**2)


# %% one-step-back
# says: Is a `.T` missing, or one too many?
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y + d_z_next @ w_h.T) * (1 - h**2)


# %% one-step-back
# says: the two arrows are multiplied
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y.T) * (d_z_next @ w_h.T) * (1 - h**2)


# %% mended
# says: that is what the broken one says, too
mended_gradient_of_b = broken_gradient_of_b


# %% mended
# says: the slope of tanh is that of the state *before* the step
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ parameters["w_h"].T
        d_z = (from_above + from_next) * (1 - h[t] ** 2)
        d_b += d_z
    return d_b


# %% mended
# says: what comes from the next step has gone
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ parameters["w_h"].T
        d_z = from_above * (1 - h[t + 1] ** 2)
        d_b += d_z
    return d_b


# %% mended
# says: your function asks central_differences
def mended_gradient_of_b(parameters, ids):
    return central_differences(parameters, ids)["b"]


# %% mended
# says: that is the inverse of w_h
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ np.linalg.inv(parameters["w_h"])
        d_z = (from_above + from_next) * (1 - h[t + 1] ** 2)
        d_b += d_z
    return d_b


# %% mended
# says: the two arrows add
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ parameters["w_h"].T
        d_z = (from_above - from_next) * (1 - h[t + 1] ** 2)
        d_b += d_z
    return d_b


# %% mended
# says: as if every number had been moved a little
def mended_gradient_of_b(parameters, ids):
    d_b = np.zeros_like(parameters["b"])
    for unit in range(len(d_b)):
        moved = {name: array.copy() for name, array in parameters.items()}
        moved["b"][unit] += 1e-5
        up = cost_of(moved, ids)
        moved["b"][unit] -= 2e-5
        d_b[unit] = (up - cost_of(moved, ids)) / 2e-5
    return d_b


# %% backward
# says: does what comes from the next step take the way back, w_h.T?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"]
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: that takes the state after the step
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t + 1], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: that takes the state before the step
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: is it turned on its side?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(d_z, h[t])
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: a letter that is read twice should get two pushes
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] = d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: is the slope of tanh that of the state after the step
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: is the slope of tanh missing?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: the signs are the other way round. Is it p - q?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = np.eye(len(p[t]))[target] - p[t]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: q is 1 at the letter that was *read*
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[read]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: the loop goes forwards
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in range(len(p)):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: that is the mean over the letters, the loss
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost / len(p), gradients


# %% backward
# says: the two are the other way round
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return gradients, cost


# %% backward
# says: should return two things
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return gradients


# %% backward
# says: should be a dictionary with the names
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, tuple(gradients.values())


# %% backward
# says: what comes from the next step is missing
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: all are 0. Is this one of the gradients
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
    return cost, gradients


# %% backward
# says: these are the slopes of the mean
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, {name: gradient / len(p) for name, gradient in gradients.items()}


# %% backward
# says: p was changed before the cost was taken from it
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    steps, targets = np.arange(len(p)), ids[1:]
    p[steps, targets] -= 1
    with np.errstate(invalid="ignore"):
        cost = -np.log(np.abs(p[steps, targets])).sum()
    return cost, gradients


# %% backward
# says: `backward` needs `forward`, and yours is not right yet
def forward(parameters, reads):
    h = np.zeros((len(reads) + 1, len(parameters["b"])))
    return softmax(h[1:] @ parameters["w_y"]), h


# %% backward
# says: Is a `.T` missing, or one too many?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])  # no step follows the last one
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"] + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: a letter that is read twice should get two pushes
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    steps, targets = np.arange(len(p)), ids[1:]
    cost = -np.log(p[steps, targets]).sum()
    d_logits = p.copy()
    d_logits[steps, targets] -= 1
    d_z = np.zeros((len(p) + 1, len(parameters["b"])))
    for t in reversed(steps):
        d_h = d_logits[t] @ parameters["w_y"].T + d_z[t + 1] @ parameters["w_h"].T
        d_z[t] = d_h * (1 - h[t + 1] ** 2)
    gradients = {"w_x": np.zeros_like(parameters["w_x"]), "b": d_z.sum(axis=0)}
    gradients |= {"w_h": h[:-1].T @ d_z[:-1], "w_y": h[1:].T @ d_logits, "b_y": d_logits.sum(axis=0)}
    gradients["w_x"][ids[:-1]] += d_z[:-1]
    return cost, gradients


# %% backward
# says: as if every number had been moved a little
def backward(parameters, ids):
    def cost():
        p, _ = forward(parameters, ids[:-1])
        return -np.log(p[np.arange(len(p)), ids[1:]]).sum()

    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    for name, array in parameters.items():
        for place in np.ndindex(array.shape):
            value = array[place]
            array[place] = value + 1e-5
            up = cost()
            array[place] = value - 1e-5
            gradients[name][place] = (up - cost()) / 2e-5
            array[place] = value
    return cost(), gradients


# %% tanh-slope
# says: Is the sign wrong?
def tanh_slope(h):
    return h**2 - 1


# %% tanh-slope
# says: A formula of NumPy works for both
def tanh_slope(h):
    if h == 0:
        return 1
    return 1 - h**2


# %% d-logits
# says: the slope is p - 1, not 1 - p
def d_logits(p, target):
    return np.array([1 - p[i] if i == target else p[i] for i in range(len(p))])


# %% d-logits
# says: has a slope, too: p - 1
def d_logits(p, target):
    slopes = p.copy()
    slopes[target] = 0
    return slopes


# %% d-logits
# says: There may be more letters than three, and here are four
def d_logits(p, target):
    return p - np.eye(3)[target]


# %% one-step-back
# says: Use the w_y and the w_h that it is given
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (d_logits @ w_y.T + d_z_next @ parameters["w_h"].T) * (1 - h**2)


# %% mended
# says: The mistake is in one of the arrows
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"]) * (1 - h[t] ** 2)
        d_b += d_z
    return d_b


# %% backward
# says: that is the row of the letter that *came*
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    p, h = forward(parameters, ids[:-1])
    gradients["w_x"], d_z = np.zeros_like(parameters["w_x"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t + 1]] += d_z
    return cost, gradients


# %% backward
# says: every row gets every push
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    return cost, gradients | {"w_x": np.zeros_like(parameters["w_x"]) + gradients["b"]}


# %% backward
# says: that is the cost of one letter. Does `return` stand inside the loop?
def backward(parameters, ids):
    p, _ = forward(parameters, ids[:-1])
    cost, gradients = 0, {name: np.zeros_like(array) for name, array in parameters.items()}
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        return cost, gradients


# %% backward
# says: Let `d_logits` be a new array
def backward(parameters, ids):
    p, _ = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    for t in reversed(range(len(p))):
        d_logits = p[t]
        d_logits[ids[t + 1]] -= 1
        gradients["b_y"] += d_logits
    with np.errstate(invalid="ignore"):
        return -np.log(p[range(len(p)), ids[1:]]).sum(), gradients


# %% backward
# says: Do the gradients begin with zeros
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    return cost, {name: gradients[name] + parameters[name] for name in gradients}


# %% backward
# says: your cost is right, but it stands in an array or a list
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    return [cost], gradients


# %% backward
# says: does only one of the two arrows pass through tanh?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_z = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: does only one of the two arrows pass through tanh?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_z = d_logits @ parameters["w_y"].T * (1 - h[t + 1] ** 2) + d_z @ parameters["w_h"].T
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: the slope of tanh is in it twice
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2) ** 2
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: It should get d_z, which has been through tanh
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_h = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_h @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: The letter that was read is `ids[t]`
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
        gradients["w_x"][t] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: is a product taken before the logarithm?
right = backward


def backward(parameters, ids):
    _, gradients = right(parameters, ids)
    p, _ = forward(parameters, ids[:-1])
    return -np.log(np.prod(p[range(len(p)), ids[1:]])), gradients


# %% backward
# says: it stands in an array or a list
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    return np.zeros(1) + cost, gradients


# %% backward
# says: float32 rounds them
right = backward


def backward(parameters, ids):
    cost, gradients = right(parameters, ids)
    return cost, {name: array.astype(np.float32) for name, array in gradients.items()}


# %% backward
# says: `np.zeros(H)` has a zero for each unit
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, 0
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        d_z = d_h * (1 - h[t + 1] ** 2)
    return cost, gradients


# %% tanh-slope
# says: Right.
def tanh_slope(h):
    return (1 - h) * (1 + h)


# %% d-logits
# says: Right.
def d_logits(p, target):
    return [each - 1 if n == target else each for n, each in enumerate(p)]


# %% one-step-back
# says: Right.
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return (np.dot(w_y, d_logits) + w_h.dot(d_z_next)) * (1 - np.square(h))


# %% backward
# says: Right.
def backward(parameters, ids):
    reads, targets = np.array(ids[:-1]), np.array(ids[1:])
    p, h = forward(parameters, ids[:-1])
    size = p.shape[1]
    d_logits, d_z = p - np.eye(size)[targets], np.zeros((len(p) + 1, h.shape[1]))
    for t in range(len(p) - 1, -1, -1):
        d_h = parameters["w_y"] @ d_logits[t] + parameters["w_h"] @ d_z[t + 1]
        d_z[t] = d_h - d_h * h[t + 1] * h[t + 1]
    gradients = {
        "b_y": d_logits.sum(axis=0),
        "w_y": np.einsum("ti,tj->ij", h[1:], d_logits),
        "b": d_z.sum(axis=0),
        "w_h": h[:-1].T @ d_z[:-1],
        "w_x": np.eye(size)[reads].T @ d_z[:-1],
    }
    return -np.log(np.take_along_axis(p, targets[:, None], axis=1)).sum(), gradients


# %% backward
# says: Do they begin with zeros in each call? (A value such as `gradients={}`
def backward(parameters, ids, gradients={}):
    p, h = forward(parameters, ids[:-1])
    for name, array in parameters.items():
        gradients.setdefault(name, np.zeros_like(array))
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T) * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t]] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: For 6 letters and 3 units, backward stops at
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        d_logits = p[t] - np.eye(27)[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T) * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t]] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: Is a size written as a number?
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    gradients["b"] = np.zeros(4)
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T) * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t]] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: each step adds np.outer(the state before it, d_z)
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T) * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t]] += d_z
        gradients["w_h"] += 2 * np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% backward
# says: is right, but no array. `np.array` makes one
def backward(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z = 0, np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        cost -= np.log(p[t, ids[t + 1]])
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        d_z = (d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T) * (1 - h[t + 1] ** 2)
        gradients["w_x"][ids[t]] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, {name: array.tolist() for name, array in gradients.items()}


# %% d-logits
# says: For six, d_logits stops at
def d_logits(p, target):
    return p - np.eye(4)[target]


# %% d-logits
# says: Are `len(p)` and `target` used?
def d_logits(p, target):
    q = np.zeros(len(p))
    q[2] = 1
    return p - q


# %% d-logits
# says: it is p, less 1 at the letter that came
def d_logits(p, target):
    return 2 * (p - np.eye(len(p))[target])


# %% tanh-slope
# says: the slope is 1 where h is 0, and 0 where h is 1 or -1
def tanh_slope(h):
    return 1 - h**4


# %% one-step-back
# says: two arrows arrive, each by its own matrix turned on its side
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    return 2 * (d_logits @ w_y.T + d_z_next @ w_h.T) * (1 - h**2)


# %% mended
# says: in one place of one line. Copy it anew
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ parameters["w_h"].T
        d_z = (from_above + from_next) * (1 - h[t + 1] ** 2)
        d_b += d_z**2
    return d_b
