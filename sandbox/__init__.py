"""The outside world, emulated over HTTP; imports nothing of the product."""
