"""One line that says how far something is."""

import time

from django.core.management.base import OutputWrapper

PLAIN_EVERY = 5.0  # seconds between lines where a line cannot be written over


class Progress:
    """Overwrites its line on a terminal; elsewhere writes a line now and then."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out, self._over = out, out.isatty()
        self._last, self._width = 0.0, 0

    def show(self, text: str) -> None:
        if self._over:
            self._out.write("\r" + text.ljust(self._width), ending="")
            self._width = len(text)
        elif time.monotonic() - self._last >= PLAIN_EVERY:
            self._out.write(text)
            self._last = time.monotonic()
        self._out.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._over and self._width:
            self._out.write("\r" + " " * self._width + "\r", ending="")
            self._width = 0
        self._out.write(text)
        self._out.flush()
