"""Texts people accepted, with version and time."""
