# %% best-and-last
def best_and_last(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


# %% dropout-mask
def dropout_mask(shape, share, generator):
    return (generator.random(shape) >= share) / (1 - share)
