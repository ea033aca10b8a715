"""The answers of chapter 3."""


# %% tanh-slope
def tanh_slope(h):
    return 1 - h**2


# %% d-logits
def d_logits(p, target):
    q = np.eye(len(p))[target]
    return p - q


# %% one-step-back
def one_step_back(d_logits, d_z_next, h, w_y, w_h):
    d_h = d_logits @ w_y.T + d_z_next @ w_h.T
    return d_h * (1 - h**2)


# %% sum-over-time
def gradient_of_w_h(h, d_z):
    d_w_h = np.zeros((h.shape[1], h.shape[1]))
    for t in range(len(d_z)):
        d_w_h += np.outer(h[t], d_z[t])
    return d_w_h


# %% mended
def mended_backward(parameters, reads, targets):
    _, w_h, _, w_y, _ = parameters.values()
    h, p, _ = forward(parameters, reads, targets)
    d_w_x, d_w_h, d_b, d_w_y, d_b_y = (np.zeros_like(array) for array in parameters.values())
    d_z = np.zeros_like(d_b)
    for t in reversed(range(len(reads))):
        d_logits = p[t] - np.eye(len(d_b_y))[targets[t]]
        from_above = d_logits @ w_y.T
        from_next = d_z @ w_h.T
        d_z = (from_above + from_next) * (1 - h[t + 1] ** 2)
        d_w_y += np.outer(h[t + 1], d_logits)
        d_b_y += d_logits
        d_w_x[reads[t]] += d_z
        d_w_h += np.outer(h[t], d_z)
        d_b += d_z
    return {"w_x": d_w_x, "w_h": d_w_h, "b": d_b, "w_y": d_w_y, "b_y": d_b_y}
