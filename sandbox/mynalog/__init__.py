"""«Мой налог»: the cabinet of the self-employed at the Federal Tax Service, where income is registered.

There is no official description. This follows what several public clients of its web application agree on:
https://github.com/alexstep/moy-nalog, https://github.com/shoman4eg/moy-nalog, https://pypi.org/project/nalogo/.
The texts and codes of its refusals are not among that: those here are made up, their HTTP statuses are theirs.
"""

from sandbox.mynalog.emulator import MyNalogEmulator

__all__ = ["MyNalogEmulator"]
