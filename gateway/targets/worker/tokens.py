"""Who has an invocation that was given ahead: the worker that may begin it, or the gateway that may take it back."""

import os


class TokenPipe:
    """A pipe that holds one byte for each invocation given ahead and not begun.

    Reading a byte from a pipe happens once, whichever process does it: who gets the byte has the invocation.

    Attributes:
        reading: The descriptor for the worker; reading never blocks.
    """

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)

    def put(self, count: int) -> None:
        """So many invocations are given ahead."""
        os.write(self._writing, b"x" * count)

    def take(self) -> bool:
        """Take an invocation back; False when it has begun, and when the pipe is closed."""
        if self.reading < 0:
            return False
        try:
            return bool(os.read(self.reading, 1))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Close this process's ends; may be called twice."""
        if self.reading >= 0:
            os.close(self.reading)
            os.close(self._writing)
            self.reading = self._writing = -1
