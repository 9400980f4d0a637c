"""The composition root: the only code that sees everything."""

import bot as bot  # first: it decides how aiogram is imported
