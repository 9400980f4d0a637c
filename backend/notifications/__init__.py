"""Telling people things, once, as they prefer."""
