"""The panels this product can work with."""

from collections.abc import Callable, Mapping

from backend.vpn.panels.base import Panel, PanelAccess
from backend.vpn.panels.xui import Xui

PANELS: Mapping[str, Callable[[PanelAccess], Panel]] = {Xui.id: Xui}
