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


# %% mended
def mended_gradient_of_b(parameters, ids):
    p, h = forward(parameters, ids[:-1])
    d_b, d_z = np.zeros_like(parameters["b"]), np.zeros_like(parameters["b"])
    for t in reversed(range(len(p))):
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + 1]]
        from_above = d_logits @ parameters["w_y"].T
        from_next = d_z @ parameters["w_h"].T
        d_z = (from_above + from_next) * (1 - h[t + 1] ** 2)
        d_b += d_z
    return d_b
