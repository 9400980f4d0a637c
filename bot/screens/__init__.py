"""Every screen: a file each, with pure views and the handlers that show them. A new one is listed in SCREENS."""

from aiogram import Router

from bot.screens import (
    autopay,
    back,
    checkout,
    email,
    fallback,
    help,
    home,
    keys,
    plans,
    profile,
    refunds,
    settings,
    terms,
)

SCREENS: tuple[Router, ...] = (
    back.router,  # before home: it takes what follows one kind of /start
    home.router,
    plans.router,
    checkout.router,
    email.router,
    autopay.router,
    keys.router,
    profile.router,
    settings.router,
    help.router,
    refunds.router,
    terms.router,
    fallback.router,  # last: it takes everything
)
GROUPS = fallback.groups
