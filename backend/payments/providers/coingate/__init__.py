"""CoinGate: Bitcoin, Ether and Litecoin for a price in roubles or euros. Source: https://developer.coingate.com"""

from backend.payments.providers.coingate.config import Config
from backend.payments.providers.coingate.driver import CoinGate

__all__ = ["CoinGate", "Config"]
