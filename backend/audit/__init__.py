"""The invariants of the books, and the log of what operators did."""
