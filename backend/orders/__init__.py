"""The sale: the one place where all other slices meet."""
