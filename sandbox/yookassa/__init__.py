"""YooKassa, emulated: API v3, the page where people pay, webhooks, and controls for tests and demo."""

from sandbox.yookassa.emulator import YooKassaEmulator
from sandbox.yookassa.shops import Shop

__all__ = ["Shop", "YooKassaEmulator"]
