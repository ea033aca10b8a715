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


# %% train
# says: does not come from `generator`
def train(parameters, training, held_out, rate, patience, generator):
    losses, numbers = [], np.random.default_rng()
    while True:
        for number in numbers.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% train
# says: Right.
def train(parameters, training, held_out, rate, patience, generator):
    import copy

    losses, waited, best = [], 0, None
    while waited < patience:
        for number in generator.permutation(len(training)):
            optimize(parameters, training[number], rate, limit=5)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited += 1
        if losses[-1] == min(losses) and losses.count(losses[-1]) == 1:
            best, waited = copy.deepcopy(parameters), 0
    for name in parameters:
        parameters[name][:] = best[name]
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


# %% main
# says: the two lists of `read_names` are exchanged
def main(path):
    others, names = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: measures by the names that it learns from
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = training
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: Does `train` get the ids of the two lists
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names + others]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: a rate of 0.3. Take 0.03
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.3, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: a patience of 1. Take 5
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 1, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: at a temperature of 1. Take 0.8
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator))


# %% main
# says: at a temperature of 8. Take 0.8
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 8))


# %% main
# says: the network has 30 units. Give it 50
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 30, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: the generator is another one
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(0)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: you print the last one
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{losses[-1]:.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: in a line of its own, and alone
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(f"{_ + 1}. {invent(parameters, letters, generator, 0.8)}")


# %% main
# says: gets other `parameters`
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(dict(parameters), training, held_out, 0.03, 5, generator)
    print(f"{min(losses):.3f} nats per letter")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: Right.
def main(path):
    names, others = read_names(path)
    letters, generator = letters_of(names + others), np.random.default_rng(1)
    training = [ids_of(name, letters) for name in names]
    held_out = [ids_of(name, letters) for name in others]
    parameters = initial_parameters(len(letters), 50, generator)
    losses = train(parameters, training, held_out, 0.03, 5, generator)
    print("lowest loss:", round(float(min(losses)), 2), "after", len(losses), "epochs")
    for _ in range(20):
        print(invent(parameters, letters, generator, 0.8))


# %% main
# says: Does it read the list that it is told?
if __name__ == "__main__":
    main("my_list.txt")


# %% keep
# says: save should write small.npz
def save(path, parameters, letters):
    np.savez(path.replace(".npz", ""), letters=letters, **parameters)
    Path(path).rename(Path(path).with_name("network.npz"))


# %% keep
# says: does not consist of arrays alone
def save(path, parameters, letters):
    np.savez(path, everything=np.array([parameters, letters], dtype=object))


# %% keep
# says: first the parameters
def load(path):
    with np.load(path) as arrays:
        parameters = dict(arrays)
    return str(parameters.pop("letters")), parameters


# %% keep
# says: the letters are among the parameters
def load(path):
    with np.load(path) as arrays:
        parameters = dict(arrays)
    return parameters, str(parameters["letters"])


# %% keep
# says: makes a string of them again
def load(path):
    with np.load(path) as arrays:
        parameters = dict(arrays)
    return parameters, parameters.pop("letters")


# %% keep
# says: they are NpzFile
def load(path):
    arrays = np.load(path)
    return arrays, str(arrays["letters"])


# %% keep
# says: of the arrays w_x, w_h, b, w_y, b_y, load returns
def save(path, parameters, letters):
    np.savez(path, letters=letters, w_x=parameters["w_x"], w_h=parameters["w_h"], w_y=parameters["w_y"])


# %% keep
# says: the w_x that is loaded
def save(path, parameters, letters):
    small = {name: array.astype(np.float16) for name, array in parameters.items()}
    np.savez(path, letters=letters, **small)


# %% keep
# says: `main` does not save
def main(path):
    parameters, letters = learn(path, generator := np.random.default_rng(1))
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% keep
# says: main trains again
def main(path):
    generator, kept = np.random.default_rng(1), Path(path).with_suffix(".npz")
    parameters, letters = learn(Path(path).with_suffix(".txt"), generator)
    save(kept, parameters, letters)
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% keep
# says: names where 20 are wanted
def main(path):
    generator, kept = np.random.default_rng(1), Path(path).with_suffix(".npz")
    if Path(path) == kept:
        parameters, letters = load(path)
        return
    parameters, letters = learn(path, generator)
    save(kept, parameters, letters)
    for _ in range(20):
        print(invent(parameters, letters, generator, temperature=0.8))


# %% keep
# says: Right.
def save(path, parameters, letters):
    with Path(path).open("wb") as file:
        np.savez_compressed(file, letters=[letters], **parameters)


def load(path):
    kept = np.load(path)
    return {name: kept[name] for name in kept if name != "letters"}, str(kept["letters"][0])


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


# %% dropout-mask
# says: of five masks exactly
def dropout_mask(shape, share, generator):
    count = round(share * np.prod(shape))
    mask = np.full(np.prod(shape), 1 / (1 - share))
    mask[generator.permutation(len(mask))[:count]] = 0
    return mask.reshape(shape)


# %% dropout-mask
# says: nothing from `np.random`
def dropout_mask(shape, share, generator):
    return (np.random.random(shape) >= share) / (1 - share)


# %% dropout-mask
# says: Right.
def dropout_mask(shape, share, generator):
    return generator.choice([0.0, 1 / (1 - share)], size=shape, p=[share, 1 - share])


# %% both
# says: give `optimize` two more arguments
def optimize(parameters, ids, rate, limit):
    cost, gradients = backward(parameters, ids)
    for name, gradient in clip(gradients, limit).items():
        parameters[name] -= rate * gradient
    return cost


# %% both
# says: adam_step: w has the right shape
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    return w - rate * m / (np.sqrt(v) + 1e-8), m, v


# %% both
# says: `optimize` is right. Now give `train`
def train(parameters, training, held_out, rate, patience, generator):
    return [1.0]


# %% both
# says: stay in `memory` from step to step
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
    return cost


# %% both
# says: It comes before Adam
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in (gradients if memory is not None else clip(gradients, limit)).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: the row of a unit that is off should stay as it is
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: are lost for ever
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    parameters["w_y"] = stays * parameters["w_y"]
    cost, gradients = backward(parameters, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: whose units are all on
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters, ids)
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: nothing has moved
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] -= rate * g
        else:
            m, v = memory.get(name, (0, 0))
            w, m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: optimize without `memory` and `stays`:
def optimize(parameters, ids, rate, limit, memory=None, stays=1.0):
    cost, gradients = backward(parameters | {"w_y": stays * parameters["w_y"]}, ids)
    gradients["w_y"] = stays * gradients["w_y"]
    if memory is not None:
        memory["t"] = memory.get("t", 0) + 1
    for name, g in clip(gradients, limit).items():
        if memory is None:
            parameters[name] += rate * g
        else:
            m, v = memory.get(name, (0, 0))
            parameters[name], m, v = adam_step(parameters[name], g, m, v, memory["t"], rate)
            memory[name] = m, v
    return cost


# %% both
# says: made anew on the way
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            memory = {} if adam else None
            if dropout:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, 5, memory, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: should train as before
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.5):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            if dropout:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, 5, memory, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: gets no memory
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            if dropout:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, 5, None, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: the same units
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            if dropout and number == number and np.size(stays) == 1:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, 5, memory, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: `stays` should be a column
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = {} if adam else None
    while True:
        for number in generator.permutation(len(training)):
            if dropout:
                stays = dropout_mask(len(parameters["w_h"]), dropout, generator)
            optimize(parameters, training[number], rate, 5, memory, stays)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: Right.
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses, stays = [], 1.0
    memory = None
    if adam:
        memory = {}
    while True:
        for number in generator.permutation(len(training)):
            if dropout:
                stays = dropout_mask((len(parameters["w_h"]), 1), dropout, generator)
            optimize(parameters, training[number], rate, limit=5, stays=stays, memory=memory)
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
        waited = len(losses) - 1 - np.argmin(losses)
        if waited == 0:
            best = {name: array.copy() for name, array in parameters.items()}
        if waited == patience:
            parameters.update(best)
            return losses


# %% both
# says: no step was taken
def train(parameters, training, held_out, rate, patience, generator, adam=False, dropout=0.0):
    losses = []
    while len(losses) < patience + 1:
        losses.append(mean_loss(lambda reads: forward(parameters, reads)[0], held_out))
    return losses
