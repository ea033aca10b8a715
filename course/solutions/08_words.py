# %% nats
def nats_per_letter(logits, ids):
    log_p = log_softmax(logits)
    rows = np.arange(len(ids) - 1)
    return -log_p[rows, ids[1:]].mean()

# %% look-up
def look_up_backward(d_x, ids, size):
    d_table = np.zeros((size, d_x.shape[1]))
    for n, i in enumerate(ids):
        d_table[i] += d_x[n]
    return d_table

# %% table
def table_gradient(table, w, ids, targets):
    x = table[ids]
    y = x @ w
    d_logits = softmax(y @ table.T)
    d_logits[np.arange(len(ids)), targets] -= 1
    d_x = d_logits @ table @ w.T
    return d_logits.T @ y + our_look_up_backward(d_x, ids, len(table))

# %% sample
def loss_on_sample(logits, chances, place):
    less = logits - np.log(chances)
    top = less.max()
    return top + np.log(np.exp(less - top).sum()) - logits[place]

# %% nearest
def nearest(table, row, count):
    cosines = table @ table[row] / np.linalg.norm(table, axis=1)
    order = np.argsort(-cosines)
    return order[order != row][:count]
