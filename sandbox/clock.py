"""The one moved clock: real time plus the offset kept in one small file, shared by every process."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Real time plus an offset in seconds that `advance` raises.

    The offset lives as decimal text in `file` (the product reads the same file, `CLOCK_FILE`), or only in
    memory when `file` is None. The file is replaced atomically, so a reader never sees half of it.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._memory = 0.0

    @property
    def offset(self) -> float:
        """Seconds added to real time; 0.0 when nobody moved the clock."""
        if self._file is None:
            return self._memory
        try:
            return float(self._file.read_text() or 0)
        except FileNotFoundError:
            return 0.0

    def now(self) -> datetime:
        """The moved time, aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def timestamp(self) -> float:
        """The moved time as Unix seconds."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        """Move time forward for everybody who reads this clock. It never goes back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._set(self.offset + seconds)

    def reset(self) -> None:
        self._set(0.0)

    def _set(self, offset: float) -> None:
        if self._file is None:
            self._memory = offset
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(f"{offset:.3f}")
        draft.replace(self._file)
