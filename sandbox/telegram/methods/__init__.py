"""The methods of the Bot API: one file per group, each with its own table of what it answers to."""

from sandbox.telegram.methods import chats, edits, messages, payments, profile, updates
from sandbox.telegram.methods.call import Method

METHODS: dict[str, Method] = {
    name.lower(): method
    for group in (updates, messages, edits, chats, profile, payments)
    for name, method in group.METHODS.items()
}
