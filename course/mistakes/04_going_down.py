"""Wrong answers to the exercises of chapter 4, each with a part of the sentence that must help,
and some right ones of an unusual kind."""


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
    for name in gradients:
        gradients[name] = np.clip(gradients[name], -limit, limit)


# %% clip-by-value
# says: Is its sign kept?
def clip_by_value(gradients, limit):
    return {name: np.where(np.abs(gradient) > limit, limit, gradient) for name, gradient in gradients.items()}


# %% clip-by-value
# says: the limit was 4
def clip_by_value(gradients, limit):
    return {name: np.clip(gradient, -5, 5) for name, gradient in gradients.items()}


# %% clip-by-value
# says: Does the range begin at -limit?
def clip_by_value(gradients, limit):
    return {name: np.clip(gradient, 0, limit) for name, gradient in gradients.items()}


# %% initial-parameters
# says: is it multiplied by anything?
def initial_parameters(size, units, generator):
    scale = 1
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: is the root missing?
def initial_parameters(size, units, generator):
    scale = 1 / units
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: is it the root of the units, and not of the letters?
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(size)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: that is the network that is asleep
def initial_parameters(size, units, generator):
    scale = 0.01
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: w_y should be a tenth of that
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: Is it generator.normal, and not generator.random?
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.random(size=(size, units)),
        "w_h": scale * generator.random(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.random(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: Then all units do the same
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * np.ones(shape=(size, units)),
        "w_h": scale * np.ones(shape=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * np.ones(shape=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: your w_y has the shape (30, 64), but it should have (64, 30)
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(size, units)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: your b has the right shape
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": generator.normal(size=units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: Does your function make one of its own?
def initial_parameters(size, units, generator):
    generator = np.random.default_rng(1)
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: is all drawn by `generator`?
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * np.random.normal(size=(size, units)),
        "w_h": scale * np.random.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * np.random.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% clip
# says: each array has its own norm
def clip(gradients, limit):
    return {name: array * min(1, limit / np.linalg.norm(array)) for name, array in gradients.items()}


# %% clip
# says: is stretched to 4
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    return {name: gradient * limit / norm for name, gradient in gradients.items()}


# %% clip
# says: Is the root missing?
def clip(gradients, limit):
    norm = sum((gradient**2).sum() for gradient in gradients.values())
    if norm <= limit:
        return gradients
    return {name: gradient * limit / norm for name, gradient in gradients.items()}


# %% clip
# says: this clips by value
def clip(gradients, limit):
    return {name: np.clip(gradient, -limit, limit) for name, gradient in gradients.items()}


# %% clip
# says: for gradients that are short enough, your clip returns nothing
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm > limit:
        return {name: gradient * limit / norm for name, gradient in gradients.items()}


# %% clip
# says: Is something divided by their norm, which is 0?
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    return {name: gradient / norm * min(norm, limit) for name, gradient in gradients.items()}


# %% clip
# says: Is it also multiplied by the limit?
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm > limit:
        return {name: gradient / norm for name, gradient in gradients.items()}
    return gradients


# %% clip
# says: Add the squares, then take the root
def clip(gradients, limit):
    norm = sum(np.linalg.norm(gradient) for gradient in gradients.values())
    if norm > limit:
        return {name: gradient * limit / norm for name, gradient in gradients.items()}
    return gradients


# %% clip
# says: Is the fraction upside down?
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm > limit:
        return {name: gradient * norm / limit for name, gradient in gradients.items()}
    return gradients


# %% optimize
# says: the network is as it was
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for array, gradient in zip(parameters.values(), clip(gradients, limit).values()):
        array = array - rate * gradient
    return cost


# %% optimize
# says: Is what your clip returns used?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    clip(gradients, limit)
    for name, gradient in gradients.items():
        parameters[name] -= rate * gradient
    return cost


# %% optimize
# says: it went uphill
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] += rate * gradient
    return cost


# %% optimize
# says: Is it multiplied by the rate
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= gradient
    return cost


# %% optimize
# says: it moves at a rate of 0.01. Is `rate` used?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= 0.01 * gradient
    return cost


# %% optimize
# says: it clips at 5, but the limit was 4
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, 5).items():
        parameters[name] -= rate * gradient
    return cost


# %% optimize
# says: only the first array has moved
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
        return cost


# %% optimize
# says: this is the cost after the update
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return backward(parameters, ids)[0]


# %% optimize
# says: this is the mean over the letters
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return cost / (len(ids) - 1)


# %% optimize
# says: is the gradient divided by the number of letters?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient / (len(ids) - 1)
    return cost


# %% optimize
# says: this clips by value. This exercise asks for by norm
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in gradients.items():
        parameters[name] -= rate * np.clip(gradient, -limit, limit)
    return cost


# %% optimize
# says: the new arrays are right, but they are returned in a dictionary
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    gradients = clip(gradients, limit)
    return {name: parameters[name] - rate * gradients[name] for name in parameters}


# %% optimize
# says: `optimize` needs `clip`, and yours is not right yet
def clip(gradients, limit):
    return gradients


# %% optimize
# says: optimize returns nothing
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient


# %% invent
# says: Is it the *last* row of p?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][0] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: ¶ begins and ends a name, but is no part of it
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids)


# %% invent
# says: the name should be one string
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return [letters[number] for number in ids[1:]]


# %% invent
# says: one letter is lost
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[2:])


# %% invent
# says: all letters are small here
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:]).capitalize()


# %% invent
# says: Is `temperature` used?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1]
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: it is the wrong way round
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** temperature
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: 300 seeds gave the same letter
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = p.argmax()
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: is every letter drawn by `generator`?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = np.random.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: should stop after 40 letters, and yours has 50
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 50:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: invent stops at
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p)
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% initial-parameters
# says: Draw w_x first, then w_h, then w_y
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    w_h = scale * generator.normal(size=(units, units))
    w_x = scale * generator.normal(size=(size, units))
    w_y = 0.1 * scale * generator.normal(size=(units, size))
    return {"w_x": w_x, "w_h": w_h, "b": np.zeros(units), "w_y": w_y, "b_y": np.zeros(size)}


# %% initial-parameters
# says: is that 50, whatever the `units` are?
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(50)
    w_x = scale * generator.normal(size=(size, units))
    w_h = scale * generator.normal(size=(units, units))
    w_y = 0.1 * scale * generator.normal(size=(units, size))
    return {"w_x": w_x, "w_h": w_h, "b": np.zeros(units), "w_y": w_y, "b_y": np.zeros(size)}


# %% initial-parameters
# says: is the root missing? One over the root of the units
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    w_x = scale * generator.normal(size=(size, units))
    w_h = scale * generator.normal(size=(units, units))
    w_y = 0.1 / units * generator.normal(size=(units, size))
    return {"w_x": w_x, "w_h": w_h, "b": np.zeros(units), "w_y": w_y, "b_y": np.zeros(size)}


# %% clip-by-value
# says: where are the signs?
def clip_by_value(gradients, limit):
    return {name: np.minimum(np.abs(gradient), limit) for name, gradient in gradients.items()}


# %% clip-by-value
# says: this clips by norm
def clip_by_value(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    return {name: gradient * min(1, limit / norm) for name, gradient in gradients.items()}


# %% clip-by-value
# says: A formula of NumPy works for both
def clip_by_value(gradients, limit):
    clipped = {}
    for name, gradient in gradients.items():
        if gradient > limit:
            gradient = limit
        clipped[name] = gradient
    return clipped


# %% clip
# says: is this the root of the *mean* of the squares?
def clip(gradients, limit):
    numbers = np.concatenate([gradient.ravel() for gradient in gradients.values()])
    norm = np.sqrt((numbers**2).mean())
    return {name: gradient * min(1, limit / norm) for name, gradient in gradients.items()}


# %% clip
# says: each row has its own norm here
def clip(gradients, limit):
    clipped = {}
    for name, gradient in gradients.items():
        norms = np.maximum(np.linalg.norm(gradient, axis=-1, keepdims=True), 1e-12)
        clipped[name] = gradient * np.minimum(1, limit / norms)
    return clipped


# %% clip
# says: norm_of stands on this page, and not in your program
def clip(gradients, limit):
    norm = norm_of(gradients)
    return {name: gradient * min(1, limit / norm) for name, gradient in gradients.items()}


# %% optimize
# says: Is it `clip(gradients, limit)`, and times the rate?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, rate).items():
        parameters[name] -= limit * gradient
    return cost


# %% optimize
# says: Is it `clip(gradients, limit)`, and times the rate?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    for name, gradient in gradients.items():
        parameters[name] -= rate * limit / norm * gradient
    return cost


# %% optimize
# says: the biases have not moved
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    gradients = clip(gradients, limit)
    for name in ("w_x", "w_h", "w_y"):
        parameters[name] -= rate * gradients[name]
    return cost


# %% optimize
# says: The last letter is missing
def optimize(parameters, ids, rate, limit):
    cost, _ = backward(parameters, ids)
    _, gradients = backward(parameters, ids[:-1])
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return cost


# %% optimize
# says: Compute them once
def optimize(parameters, ids, rate, limit):
    cost, _ = backward(parameters, ids)
    for name in ("w_x", "w_h", "b", "w_y", "b_y"):
        parameters[name] -= rate * clip(backward(parameters, ids)[1], limit)[name]
    return cost


# %% optimize
# says: each array is clipped by itself
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in gradients.items():
        parameters[name] -= rate * clip({name: gradient}, limit)[name]
    return cost


# %% optimize
# says: and after it was clipped?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    steps = clip({name: rate * gradient for name, gradient in gradients.items()}, limit)
    for name, step in steps.items():
        parameters[name] -= step
    return cost


# %% optimize
# says: the rate is in it twice
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit * rate).items():
        parameters[name] -= rate * gradient
    return cost


# %% optimize
# says: It should return the cost
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    return parameters


# %% invent
# says: does `forward` get *all* ids so far?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, [ids[-1]])[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: does `forward` get *all* ids so far?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids[-2:])[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: Logits are divided, so p gets a power
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] / temperature
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: p are probabilities already, not logits
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = softmax(forward(parameters, ids)[0][-1] / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: Are `letters` used?
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join("\nabcdefghijklmnopqrstuvwxyz"[number] for number in ids[1:])


# %% invent
# says: ¶ should come first now and then
right = invent


def invent(parameters, letters, generator, temperature=1.0):
    name = ""
    while not name:
        name = right(parameters, letters, generator, temperature)
    return name


# %% initial-parameters
# says: Right.
def initial_parameters(size, units, generator):
    parameters = {"b_y": np.zeros(size), "b": np.zeros(units)}
    for name, shape, part in (("w_x", size, 1), ("w_h", units, 1), ("w_y", units, 10)):
        columns = size if name == "w_y" else units
        rows = [generator.standard_normal(columns) for _ in range(shape)]
        parameters[name] = np.array(rows) * units**-0.5 / part
    return parameters


# %% clip-by-value
# says: Right.
def clip_by_value(gradients, limit):
    return {name: np.sign(g) * np.minimum(np.abs(g), limit) for name, g in gradients.items()}


# %% clip
# says: Right.
def clip(gradients, limit):
    norm = np.linalg.norm(np.concatenate([np.ravel(array) for array in gradients.values()]))
    return {name: array / max(1, norm / limit) for name, array in gradients.items()}


# %% optimize
# says: Right.
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    shorter = clip(gradients, limit)
    parameters.update({name: parameters[name] - rate * shorter[name] for name in shorter})
    return cost


# %% invent
# says: takes the steps of the network by itself
def invent(parameters, letters, generator, temperature=1.0):
    h, drawn, name = np.zeros(len(parameters["b"])), 0, ""
    for _ in range(40):
        h = np.tanh(parameters["w_x"][drawn] + parameters["b"] + h @ parameters["w_h"])
        logits = (h @ parameters["w_y"] + parameters["b_y"]) / temperature
        drawn = int(np.argmax(logits + generator.gumbel(size=len(letters))))
        if drawn == 0:
            return name
        name += letters[drawn]
    return name


# %% initial-parameters
# says: your b is an array of whole numbers (int64)
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units, int),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size, int),
    }


# %% initial-parameters
# says: your b_y is a list. `np.array` makes an array of it
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": [0.0] * size,
    }


# %% initial-parameters
# says: the biases begin with zeros, and only the weights are drawn
def initial_parameters(size, units, generator):
    scale = 1 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": scale * generator.normal(size=units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: What else is in your product?
def initial_parameters(size, units, generator):
    scale = 2 / np.sqrt(units)
    return {
        "w_x": scale * generator.normal(size=(size, units)),
        "w_h": scale * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% clip-by-value
# says: every other becomes the nearer of the two
def clip_by_value(gradients, limit):
    return {name: np.clip(array, -limit, limit) / 2 for name, array in gradients.items()}


# %% clip
# says: So every number is multiplied by
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm <= limit:
        return gradients
    return {name: gradient * limit / (norm + 1) for name, gradient in gradients.items()}


# %% optimize
# says: it clips at 4, and this time the limit was 1000. Is `limit` used?
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, 4).items():
        parameters[name] -= rate * gradient
    return cost


# %% optimize
# says: each array moves by -rate times its own gradient
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient + 0.01 * parameters[name]
    return cost


# %% optimize
# says: return the first of the two things that your `backward` returns
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return cost / 2


# %% invent
# says: without a temperature it draws otherwise than at 1
def invent(parameters, letters, generator, temperature=0.8):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: Right.
def next_of(parameters, ids):
    return forward(parameters, ids)[0][-1]


def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) < 41:
        logits = np.log(next_of(parameters, ids)) / temperature
        ids.append(int(np.argmax(logits + generator.gumbel(size=len(letters)))))
        if ids[-1] == 0:
            return "".join(letters[number] for number in ids[1:-1])
    return "".join(letters[number] for number in ids[1:])


# %% invent
# says: Does `forward` get *all* ids so far, from the 0 at the beginning
def invent(parameters, letters, generator, temperature=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids[-5:])[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% clip
# says: nothing is clipped. Is the norm compared with the limit?
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm <= limit + 1:
        return gradients
    return {name: gradient * limit / norm for name, gradient in gradients.items()}


# %% initial-parameters
# says: for 64 units it is right, and for 9 it is not. Is a number written out?
def initial_parameters(size, units, generator):
    return {
        "w_x": 0.125 * generator.normal(size=(size, units)),
        "w_h": 0.125 * generator.normal(size=(units, units)),
        "b": np.zeros(units),
        "w_y": 0.0125 * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }


# %% initial-parameters
# says: float32 rounds your w_x
def initial_parameters(size, units, generator):
    scale = np.float32(1 / np.sqrt(units))
    return {
        "w_x": scale * generator.normal(size=(size, units)).astype(np.float32),
        "w_h": scale * generator.normal(size=(units, units)).astype(np.float32),
        "b": np.zeros(units),
        "w_y": 0.1 * scale * generator.normal(size=(units, size)),
        "b_y": np.zeros(size),
    }
