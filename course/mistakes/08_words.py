# %% nats
# says: It predicts letter t + 1
def nats_per_letter(logits, ids):
    return -log_softmax(logits)[np.arange(len(ids)), ids].mean()

# %% nats
# says: bits
def nats_per_letter(logits, ids):
    p = softmax(logits)[np.arange(len(ids) - 1), ids[1:]]
    return -np.log2(p).mean()

# %% nats
# says: sum over the line
def nats_per_letter(logits, ids):
    return -sum(log_softmax(logits)[t, ids[t + 1]] for t in range(len(ids) - 1))

# %% nats
# says: stops at
def nats_per_letter(logits, ids):
    return -log_softmax(logits)[np.arange(len(ids)), ids[1:]].mean()

# %% nats
# says: changes its argument logits
def nats_per_letter(logits, ids):
    logits -= logits.max(axis=-1, keepdims=True)
    return -log_softmax(logits)[np.arange(len(ids) - 1), ids[1:]].mean()

# %% nats
# says: whole line
def nats_per_letter(logits, ids):
    return -log_softmax(logits)[:-1, ids[1:]].mean()

# %% nats
# says: divide by T?
def nats_per_letter(logits, ids):
    log_p = log_softmax(logits)
    return -sum(log_p[t, ids[t + 1]] for t in range(len(ids) - 1)) / len(ids)

# %% nats
# says: logarithm of the mean
def nats_per_letter(logits, ids):
    return -np.log(softmax(logits)[np.arange(len(ids) - 1), ids[1:]].mean())

# %% look-up
# says: Of two equal ids, the last one counts
def look_up_backward(d_x, ids, size):
    d_table = np.zeros((size, d_x.shape[1]))
    d_table[ids] += d_x
    return d_table

# %% look-up
# says: the table has 3 rows
def look_up_backward(d_x, ids, size):
    return d_x

# %% look-up
# says: Words that were not read have rows too
def look_up_backward(d_x, ids, size):
    d_table = np.zeros((max(ids) + 1, d_x.shape[1]))
    np.add.at(d_table, ids, d_x)
    return d_table

# %% look-up
# says: A word that was read twice moves the loss twice
def look_up_backward(d_x, ids, size):
    return np.array([d_x[ids == n].mean(axis=0) if n in ids else d_x[0] * 0 for n in range(size)])

# %% look-up
# says: returns nothing
def look_up_backward(d_x, ids, size):
    d_table = np.zeros((size, d_x.shape[1]))
    np.add.at(d_table, ids, d_x)

# %% look-up
# says: does only the first of two equal ids count
def look_up_backward(d_x, ids, size):
    d_table = np.zeros((size, d_x.shape[1]))
    found, places = np.unique(ids, return_index=True)
    d_table[found] = d_x[places]
    return d_table

# %% look-up
# says: Right.
def look_up_backward(d_x, ids, size):
    return np.eye(size)[ids].T @ d_x

# %% table
# says: It is read at the other end, too
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = softmax(y @ table.T)
    d_logits[np.arange(len(ids)), targets] -= 1
    return d_logits.T @ y

# %% table
# says: It makes the logits, too
def table_gradient(table, w, ids, targets):
    d_logits = softmax(table[ids] @ w @ table.T)
    d_logits[np.arange(len(ids)), targets] -= 1
    return our_look_up_backward(d_logits @ table @ w.T, ids, len(table))

# %% table
# says: Is a `@ w.T` missing?
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = softmax(y @ table.T)
    d_logits[np.arange(len(ids)), targets] -= 1
    return d_logits.T @ y + our_look_up_backward(d_logits @ table, ids, len(table))

# %% table
# says: It is p - q
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = softmax(y @ table.T)
    return d_logits.T @ y + our_look_up_backward(d_logits @ table @ w.T, ids, len(table))

# %% table
# says: the gradient of the mean
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = (softmax(y @ table.T) - np.eye(len(table))[targets]) / len(ids)
    return d_logits.T @ y + our_look_up_backward(d_logits @ table @ w.T, ids, len(table))

# %% table
# says: the logits meet y, not x
def table_gradient(table, w, ids, targets):
    x = table[ids]
    d_logits = softmax(x @ w @ table.T) - np.eye(len(table))[targets]
    return d_logits.T @ x + our_look_up_backward(d_logits @ table @ w.T, ids, len(table))

# %% table
# says: Of two equal ids, the last one counts
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = softmax(y @ table.T) - np.eye(len(table))[targets]
    d_table = np.zeros_like(table)
    d_table[ids] += d_logits @ table @ w.T
    return d_logits.T @ y + d_table

# %% table
# says: changes its argument table
def table_gradient(table, w, ids, targets):
    y = table[ids] @ w
    d_logits = softmax(y @ table.T) - np.eye(len(table))[targets]
    table += d_logits.T @ y
    return table

# %% sample
# says: Each term counts 1/a times
def loss_on_sample(logits, chances, place):
    return -log_softmax(logits)[place]

# %% sample
# says: did you take ln a from the target's logit too
def loss_on_sample(logits, chances, place):
    return -log_softmax(logits - np.log(chances))[place]

# %% sample
# says: did you multiply by a?
def loss_on_sample(logits, chances, place):
    more = logits + np.log(chances)
    return more.max() + np.log(np.exp(more - more.max()).sum()) - logits[place]

# %% sample
# says: e^1000 is too large
def loss_on_sample(logits, chances, place):
    with np.errstate(over="ignore"):
        return np.log((np.exp(logits) / chances).sum()) - logits[place]

# %% sample
# says: this is ln Z
def loss_on_sample(logits, chances, place):
    return np.logaddexp.reduce(logits - np.log(chances))

# %% sample
# says: is the largest logit added
def loss_on_sample(logits, chances, place):
    less = logits - np.log(chances)
    return np.log(np.exp(less - less.max()).sum()) - logits[place]

# %% sample
# says: did you take the first logit
def loss_on_sample(logits, chances, place):
    return np.logaddexp.reduce(logits - np.log(chances)) - logits[0]

# %% sample
# says: Right.
def loss_on_sample(logits, chances, place):
    return np.logaddexp.reduce(logits - np.log(chances) - logits[place])

# %% nearest
# says: are these products alone?
def nearest(table, row, count):
    order = np.argsort(-(table @ table[row]))
    return order[order != row][:count]

# %% nearest
# says: has 0 itself
def nearest(table, row, count):
    return np.argsort(-(table @ table[row]) / np.linalg.norm(table, axis=1))[:count]

# %% nearest
# says: are the farthest first?
def nearest(table, row, count):
    order = np.argsort(table @ table[row] / np.linalg.norm(table, axis=1))
    return order[order != row][:count]

# %% nearest
# says: is this by distance?
def nearest(table, row, count):
    order = np.argsort(np.linalg.norm(table - table[row], axis=1))
    return order[order != row][:count]

# %% nearest
# says: did you take absolute values?
def nearest(table, row, count):
    order = np.argsort(-abs(table @ table[row] / np.linalg.norm(table, axis=1)))
    return order[order != row][:count]

# %% nearest
# says: 3 words are asked for
def nearest(table, row, count):
    order = np.argsort(-(table @ table[row]) / np.linalg.norm(table, axis=1))
    return order[order != row]

# %% nearest
# says: the nearest should stand first
def nearest(table, row, count):
    order = np.argsort(-(table @ table[row]) / np.linalg.norm(table, axis=1))
    return order[order != row][:count][::-1]

# %% nearest
# says: Right.
def nearest(table, row, count):
    unit = [each / sum(each**2) ** 0.5 for each in table]
    others = [n for n in range(len(table)) if n != row]
    return sorted(others, key=lambda n: -(unit[n] @ unit[row]))[:count]
