"""YooKassa: bank cards, SBP and the YooMoney wallet, in roubles. Source: https://yookassa.ru/developers/api"""

from backend.payments.providers.yookassa.config import Config
from backend.payments.providers.yookassa.driver import YooKassa

__all__ = ["Config", "YooKassa"]
