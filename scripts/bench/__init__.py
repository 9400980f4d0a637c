"""make bench: the figures of the shop, with machine and commit."""
