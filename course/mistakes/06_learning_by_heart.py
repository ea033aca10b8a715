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


# %% best-and-last
# says: does not count as a new lowest
def best_and_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


# %% best-and-last
# says: Compare it with the lowest so far
def best_and_last(losses, patience):
    waited = 0
    for epoch in range(1, len(losses)):
        waited = waited + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if waited == patience:
            break
    return int(np.argmin(losses[: epoch + 1])), epoch


# %% train
# says: as it was at the end
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: as it was at the end
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters = best
            return losses


# %% train
# says: as it was at the end
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            return losses


# %% train
# says: as it was at the end
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = parameters.copy()
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: by which it is measured
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        training = training + held_out
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: you measure by the names that it reads
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], training))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: You stop too late
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited > patience:
            parameters.update(best)
            return losses


# %% train
# says: You stop too soon
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == 1:
            parameters.update(best)
            return losses


# %% train
# says: in the same order in each epoch
def train(parameters, training, held_out, rate, patience, generator):
    losses, order = [], generator.permutation(len(training))
    while True:
        for number in order:
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: in the order of the list
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in range(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: read twice
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.integers(len(training), size=len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: are places in `training`
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, number, rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: and not the one that train is given
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], 0.03, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: a step for each name
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        number = generator.integers(len(training))
        optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: no step was taken
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            backward(parameters, training[number])
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: a list of losses
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return min(losses)


# %% train
# says: Does it stop when the patience runs out?
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience + 1000:
            parameters.update(best)
            return losses


# %% train
# says: Measure after it
def train(parameters, training, held_out, rate, patience, generator):
    losses = []
    while True:
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% main
# says: main prints nothing
def main(path):
    split = read_names(path)
    letters, generator = letters_of(split[0] + split[1]), np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    return losses, [invent(parameters, letters, generator, 0.8) for _ in range(20)]


# %% main
# says: Call `invent` anew for each
def main(path):
    split = read_names(path)
    letters, generator = letters_of(split[0] + split[1]), np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"after epoch {np.argmin(losses) + 1}: {min(losses):.3f} nats per letter, held out")
    name = invent(parameters, letters, generator, temperature=0.8)
    print("\n".join([name] * 20))


# %% main
# says: of both its halves
def main(path):
    split = read_names(path)
    letters, generator = "\nabcdefghijklmnopqrstuvwxyzöå", np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"after epoch {np.argmin(losses) + 1}: {min(losses):.3f} nats per letter, held out")
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% main
# says: lowest held-out loss
def main(path):
    split = read_names(path)
    letters, generator = letters_of(split[0] + split[1]), np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% main
# says: each in a line of its own
def main(path):
    split = read_names(path)
    letters, generator = letters_of(split[0] + split[1]), np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"after epoch {np.argmin(losses) + 1}: {min(losses):.3f} nats per letter, held out")
    for _ in range(3):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% main
# says: of both its halves
def main(path):
    split = read_names(path)
    letters, generator = letters_of(split[0]), np.random.default_rng(1)
    training, held_out = ([ids_of(name, letters) for name in names] for names in split)
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"after epoch {np.argmin(losses) + 1}: {min(losses):.3f} nats per letter, held out")
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% dropout-mask
# says: so that the sum stays about the same
def dropout_mask(shape, share, generator):
    return (generator.random(shape) >= share).astype(float)


# %% dropout-mask
# says: how many are *off*
def dropout_mask(shape, share, generator):
    return (generator.random(shape) < share) / (1 - share)


# %% dropout-mask
# says: Divide by that of those that stay
def dropout_mask(shape, share, generator):
    return (generator.random(shape) >= share) / share


# %% dropout-mask
# says: divide by 1 - share
def dropout_mask(shape, share, generator):
    return (generator.random(shape) >= share) * (1 - share)


# %% dropout-mask
# says: Draw a number for each place
def dropout_mask(shape, share, generator):
    return (generator.random(shape[-1]) >= share) / (1 - share) * np.ones(shape)


# %% dropout-mask
# says: two masks are the same
def dropout_mask(shape, share, generator):
    return (np.random.default_rng(1).random(shape) >= share) / (1 - share)
