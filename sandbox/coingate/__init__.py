"""CoinGate, emulated: API v2, the invoice where people pay, callbacks, and controls for tests and demo."""

from sandbox.coingate.accounts import Account
from sandbox.coingate.emulator import CoinGateEmulator

__all__ = ["Account", "CoinGateEmulator"]
