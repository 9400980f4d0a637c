"""The right to use the VPN for a time."""
