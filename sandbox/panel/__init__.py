"""The fault panel: a page at /sandbox from which a person breaks the world and watches the shop recover."""

from sandbox.panel.page import panel_routes

__all__ = ["panel_routes"]
