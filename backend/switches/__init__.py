"""What an operator flips while the shop runs."""
