# %% half-life
# says: upside down
def half_life(bias):
    return np.log(sigmoid(bias)) / np.log(0.5)


# %% half-life
# says: A gate is a sigmoid
def half_life(bias):
    return np.log(0.5) / np.log(np.tanh(bias))


# %% half-life
# says: not f times k
def half_life(bias):
    return 0.5 / sigmoid(bias)


# %% half-life
# says: need not be a whole number
def half_life(bias):
    steps, left = 0, 1.0
    while left > 0.5:
        steps, left = steps + 1, left * sigmoid(bias)
    return steps


# %% half-life
# says: Where does your minus come from
def half_life(bias):
    return np.log(2) / np.log(sigmoid(bias))


# %% half-life
# says: The forget gate says what stays
def half_life(bias):
    return np.log(0.5) / np.log(1 - sigmoid(bias))


# %% lstm-forward
# says: That is the RNN's
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: should begin with 1
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.zeros(4 * units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: but not that of the forget gate
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 1.0, 0.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: not `np.tile`
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.tile([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: two things
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), h, c, gates


# %% lstm-forward
# says: are i and f exchanged?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_f, z_i, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: does g go through the sigmoid too?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), sigmoid(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: does h' read the old c?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: shown without its tanh
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * c[t + 1]
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: as in the picture?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_f, z_i, z_g, z_o = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: PyTorch's order
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_i, z_f, z_g, z_o = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: how much of the old *c* stays
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * h[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: are σ and tanh
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = z_o, z_i, z_f, z_g
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: Where is the softmax?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:] @ parameters["w_y"] + parameters["b_y"], (h, c, gates)


# %% lstm-forward
# says: They read h[1:]
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[:-1] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: where is the old c?
def forward(parameters, reads):
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    h, c = np.zeros((2, len(reads) + 1, len(w_h)))
    gates = np.zeros((len(reads), 4, len(w_h)))
    for t, letter in enumerate(reads):
        z_o, z_i, z_f, z_g = np.split(w_x[letter] + b + h[t] @ w_h, 4)
        o, i, f, g = gates[t] = sigmoid(z_o), sigmoid(z_i), sigmoid(z_f), np.tanh(z_g)
        c[t + 1] = i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return softmax(h[1:] @ parameters["w_y"] + parameters["b_y"]), (h, c, gates)


# %% lstm-forward
# says: b holds whole numbers
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0, 0, 1, 0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: b_y holds whole numbers
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size, int),
    }


# %% lstm-forward
# says: the numbers of w_x are
def initial_parameters(size, units, generator):
    scale = 1
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: and a tenth of that for w_y
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: nothing from `np.random`
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * np.random.normal(size=(units, 4 * units)),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: the four blocks of w_h are alike
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * np.tile(generator.normal(size=(units, units)), 4),
        "b": np.repeat([0.0, 0.0, 1.0, 0.0], units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-forward
# says: Right.
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, 4 * units)),
        "w_h": scale * generator.normal(size=(units, 4 * units)),
        "b": np.concatenate([np.zeros(2 * units), np.ones(units), np.zeros(units)]),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% lstm-backward
# says: the old d_c, is missing
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: d_c is multiplied by f
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: gets d_h times o
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: Where is the slope
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: the square of its *value*
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - c[t + 1] ** 2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: the *old* c
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t + 1], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: are d_i and d_g exchanged?
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * i, d_c * c[t], d_c * g
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: the slope of the sigmoid
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = np.ones_like(o), np.ones_like(i), np.ones_like(f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: not g (1 - g)
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), g * (1 - g)
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: in the order o, i, f, g?
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), f * (1 - f), i * (1 - i), 1 - g**2
        d_z = np.concatenate([d_o, d_f, d_i, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: before it is multiplied by f
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_c = d_c * f
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: The cost is the sum
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost / len(p), gradients


# %% lstm-backward
# says: is missing in d_h
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: are p - q
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = np.eye(len(p[t]))[target] - p[t]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: o gets d_h times tanh c'
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * c[t + 1], d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: *before* the step
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t + 1], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: two things
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return gradients


# %% lstm-backward
# says: work at every step: +=
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] = d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: called twice with the same name
def backward(parameters, ids, gradients={}):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    for name, array in parameters.items():
        gradients.setdefault(name, np.zeros_like(array))
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(len(p[t]))[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients


# %% lstm-backward
# says: backward stops at `d_logits
def backward(parameters, ids):
    p, (h, c, gates) = forward(parameters, ids[:-1])
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    cost, d_z, d_c = 0, np.zeros_like(parameters["b"]), np.zeros_like(c[0])
    for t in reversed(range(len(p))):
        read, target = ids[t], ids[t + 1]
        cost -= np.log(p[t, target])
        d_logits = p[t] - np.eye(27)[target]
        d_h = d_logits @ parameters["w_y"].T + d_z @ parameters["w_h"].T
        (o, i, f, g), tanh_c = gates[t], np.tanh(c[t + 1])
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_o, d_i, d_f, d_g = d_h * tanh_c, d_c * g, d_c * c[t], d_c * i
        slopes = o * (1 - o), i * (1 - i), f * (1 - f), 1 - g**2
        d_z = np.concatenate([d_o, d_i, d_f, d_g]) * np.concatenate(slopes)
        d_c = d_c * f
        gradients["w_x"][read] += d_z
        gradients["w_h"] += np.outer(h[t], d_z)
        gradients["b"] += d_z
        gradients["w_y"] += np.outer(h[t + 1], d_logits)
        gradients["b_y"] += d_logits
    return cost, gradients
