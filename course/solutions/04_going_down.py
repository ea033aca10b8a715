"""The answers of chapter 4."""


# %% clip-by-value
def clip_by_value(gradients, limit):
    return {name: np.clip(gradient, -limit, limit) for name, gradient in gradients.items()}
