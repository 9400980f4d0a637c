"""The 3X-UI panel 3.6, emulated: what its API answers, remembers and gets wrong.

`state` is one memory; `clients`, `inbounds`, `traffic` and `bulk` are its rules; a dialect is a table of routes
over them (`dialect_clients`); `routing` is what stands before every handler.
"""

from sandbox.xui.emulator import XuiEmulator

__all__ = ["XuiEmulator"]
