"""A terminal: what is typed at it, and what a person sees on it."""

import os
import shutil
import time

import pexpect
import pytest
import pyte

from lab import PATIENCE


class Terminal:
    """A program on a terminal of `columns` by `rows`. Its screen is kept as an emulator draws it."""

    def __init__(self, command, home, columns=80, rows=24, **variables):
        self.emulator = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.emulator)
        self.raw = b""
        environment = {"HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm", "PATH": os.environ["PATH"], **variables}
        self.process = pexpect.spawn(
            str(command[0]),
            [str(word) for word in command[1:]],
            env=environment,
            cwd=str(home),
            dimensions=(rows, columns),
            timeout=PATIENCE,
        )

    def type(self, text):
        """Types as a person does; `\\t` is the tab key, `\\r` enter, `\\x03` Ctrl-C."""
        self.process.send(text)

    def screen(self):
        """The lines on the screen now, without blanks at their ends and empty lines at its end."""
        lines = [line.rstrip() for line in self.emulator.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def wait_until(self, condition):
        """Reads what the program writes until `condition` holds of the screen's lines, and returns these."""
        give_up = time.monotonic() + PATIENCE
        while not condition(self.screen()):
            assert time.monotonic() < give_up, "\n".join(self.screen())
            self._read()
        return self.screen()

    def wait_for(self, text):
        return self.wait_until(lambda lines: any(text in line for line in lines))

    def wait_for_end(self):
        """Reads to the end, and returns the exit code; a signal as shells count it, 128 + its number."""
        give_up = time.monotonic() + PATIENCE
        while self.process.isalive():
            assert time.monotonic() < give_up, "\n".join(self.screen())
            self._read()
        while self._read():
            pass
        self.process.close()
        return self.process.exitstatus if self.process.signalstatus is None else 128 + self.process.signalstatus

    def end(self):
        self.process.close(force=True)

    def _read(self):
        try:
            read = self.process.read_nonblocking(65536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.raw += read
        self.stream.feed(read)
        return True


def required(program):
    """The path of a program that Debian has a package for; where it must be there (`INTEROP_COMPLETE=1`, as in CI),
    its absence is a failure, elsewhere the test is skipped."""
    found = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if found is None and os.environ.get("INTEROP_COMPLETE") == "1":
        pytest.fail(f"{program} is not installed")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found
