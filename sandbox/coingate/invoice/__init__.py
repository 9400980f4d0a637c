"""The invoice: what the shopper sees at `payment_url`."""
