# %% read-names
# says: has no order
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = sorted(set(line.strip() for line in lines if line.strip()), key=lambda name: np.random.random())
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: capital letters
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: blanks around a name
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line for line in lines if line.strip()))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: empty line among the names
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: stands twice in the list
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = [line.strip() for line in lines if line.strip()]
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: Take every tenth
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    tenth = -(-len(names) // 10)
    return names[tenth:], names[:tenth]


# %% read-names
# says: among those to learn from, too
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return names, names[::10]


# %% read-names
# says: the held-out ones second
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return names[::10], [name for n, name in enumerate(names) if n % 10]


# %% read-names
# says: where is the end
def letters_of(names):
    return "".join(sorted(set("".join(names))))


# %% read-names
# says: sort the letters
def letters_of(names):
    return "\n" + "".join(sorted(set("".join(names)), reverse=True))


# %% read-names
# says: and no others
def letters_of(names):
    return "\nabcdefghijklmnopqrstuvwxyz"


# %% read-names
# says: makes two names of 'Wilde Gera'
def read_names(path):
    names = list(dict.fromkeys(Path(path).read_text(encoding="utf-8").lower().split()))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: may also have a blank or a hyphen
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip().isalpha()))
    return [name for n, name in enumerate(names) if n % 10], names[::10]


# %% read-names
# says: both lists have the same names
def read_names(path):
    lines = Path(path).read_text(encoding="utf-8").lower().splitlines()
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return names[::10], names[::10]


# %% read-names
# says: Right.
def read_names(path):
    names = []
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            name = line.lower().strip()
            if name and name not in names:
                names.append(name)
    held_out = [names[n] for n in range(0, len(names), 10)]
    return [name for name in names if name not in held_out], held_out


# %% masked-mean
# says: does the padding count?
def masked_mean(losses, targets):
    return losses.mean()


# %% masked-mean
# says: the newline, whose id is 0
def masked_mean(losses, targets):
    return losses[targets > 0].mean()


# %% masked-mean
# says: divide by its places too
def masked_mean(losses, targets):
    return np.where(targets >= 0, losses, 0).mean()


# %% masked-mean
# says: a short name then counts for more
def masked_mean(losses, targets):
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


# %% adam-step
# says: is ε inside the root?
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / np.sqrt(v_hat + 1e-8), m, v


# %% adam-step
# says: that is with 0.999
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


# %% adam-step
# says: in the order w, v, m
def adam_step(w, g, m, v, t, rate):
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), v, m


# %% adam-step
# says: changes its argument m
def adam_step(w, g, m, v, t, rate):
    m += 0.1 * (g - m)
    v = 0.99 * v + 0.01 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.99**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


# %% one-epoch
# says: the padding moves it
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: The padding has no letters
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.size
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: (not of names)
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.shape[1]
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: where is the clipping?
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient, 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: First divide by the letters
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)) / mask.sum(), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: only one that is longer than 1
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * 1 / np.linalg.norm(gradient), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: made anew for each batch
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        adam = Adam(network.parameters.whole)
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: made anew in each epoch
def one_epoch(network, adam, batches):
    adam = Adam(network.parameters.whole)
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: uphill
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(-gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: begin with a fresh state
def one_epoch(network, adam, batches):
    total = letters = 0
    state = network.initial_state(3)
    for inputs, targets, mask in batches:
        cost, gradients, state = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
    return total / letters


# %% one-epoch
# says: `return` stand inside the loop
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        total, letters = total + cost, letters + mask.sum()
        return total / letters


# %% one-epoch
# says: the mean of the batches' means
def one_epoch(network, adam, batches):
    losses = []
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
        losses.append(cost / mask.sum())
    return np.mean(losses)


# %% one-epoch
# says: no step was taken
def one_epoch(network, adam, batches):
    total = letters = 0
    for inputs, targets, mask in batches:
        state = network.initial_state(inputs.shape[1])
        cost, gradients, _ = network.loss_and_gradients(inputs, targets, state, mask)
        gradient = gradients.whole / mask.sum()
        total, letters = total + cost, letters + mask.sum()
    return total / letters


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


# %% top-p
# says: changes its argument p
def top_p(p, share):
    order = np.argsort(-p)
    p[order[np.cumsum(p[order]) - p[order] >= share]] = 0
    return p / p.sum()


# %% top-p
# says: add up to 0.9999999999999999
def top_p(p, share):
    order = np.argsort(-p)
    result, total, count = np.zeros_like(p), 0.0, 0
    while total < share:
        result[order[count]] = p[order[count]]
        total += p[order[count]]
        count += 1
    return result / result.sum()


# %% top-p
# says: add up to 0.9999999999999999
def top_p(p, share):
    order = np.argsort(-p)
    kept = order[: np.argmax(np.cumsum(p[order]) >= share) + 1]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()


# %% top-p
# says: Now give `invent` a fifth argument
def invent(parameters, letters, generator, temperature=1.0):
    return ""


# %% top-p
# says: Your invent writes b, c, d, too
def invent(parameters, letters, generator, temperature=1.0, share=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% top-p
# says: if nothing is said, nothing is left out
def invent(parameters, letters, generator, temperature=1.0, share=0.9):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=top_p(p / p.sum(), share))
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% top-p
# says: First the temperature, and then top_p
def invent(parameters, letters, generator, temperature=1.0, share=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = top_p(forward(parameters, ids)[0][-1], share) ** (1 / temperature)
        drawn = generator.choice(len(letters), p=p / p.sum())
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% top-p
# says: without a temperature it draws otherwise than at 1
def invent(parameters, letters, generator, temperature=0.8, share=1.0):
    ids = [0]
    while len(ids) <= 40:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=top_p(p / p.sum(), share))
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])


# %% top-p
# says: Right.
def top_p(p, share):
    kept = []
    for letter in sorted(range(len(p)), key=lambda letter: -p[letter]):
        kept.append(letter)
        if sum(p[each] for each in kept) >= share:
            break
    result = np.array([p[each] if each in kept else 0.0 for each in range(len(p))])
    return result / result.sum()


# %% top-p
# says: should stop after 40 letters
def invent(parameters, letters, generator, temperature=1.0, share=1.0):
    ids = [0]
    while len(ids) <= 80:
        p = forward(parameters, ids)[0][-1] ** (1 / temperature)
        drawn = generator.choice(len(letters), p=top_p(p / p.sum(), share))
        if drawn == 0:
            break
        ids.append(drawn)
    return "".join(letters[number] for number in ids[1:])
