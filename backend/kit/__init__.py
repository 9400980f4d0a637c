"""Tools with no business meaning; imports no slice."""
