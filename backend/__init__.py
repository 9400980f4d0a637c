"""The product: what may be bought, paid for, granted."""
