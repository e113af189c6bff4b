# SPDX-License-Identifier: MIT
"""monitor.py - a machine at the monitor's prompt, typed at through a terminal"""

import re

import pexpect

import machine

PROMPT = "pagoda> "


class Session:
    """A machine at the monitor's prompt. image: kernel=, archive=."""

    def __init__(self, append="monitor", mem="1G", cpu="max", extra=(),
                 prompt=PROMPT, board="pc", **image):
        self.marks = 0
        shape = machine.Shape(mem, cpu, board, extra=list(extra))
        words = machine.command(shape, append, **image)
        # ^C is for the guest, not for the emulator.
        words[words.index("stdio")] = "chardev:terminal"
        words += ["-chardev", "stdio,id=terminal,signal=off"]
        self.child = pexpect.spawn(words[0], words[1:], encoding="utf-8",
                                   codec_errors="replace", echo=False,
                                   timeout=machine.limit("boot"),
                                   dimensions=(50, 200))
        self.boot = self.until(prompt)

    def until(self, prompt=PROMPT):
        self.child.expect_exact(prompt)
        return self.child.before.replace("\r", "")

    def run(self, line):
        """Type a line; what the command prints, without the echo."""
        self.child.send(line + "\r")
        text = self.until("\r\n" + PROMPT)
        first, _, rest = text.partition("\n")
        assert first == line, f"echo of {line!r}: {first!r}"
        return rest

    def keys(self, keys):
        """Type keys and Enter; all that is printed, the prompts in between
        too: a line that nobody understands marks the end."""
        self.marks += 1
        mark = f"mark{self.marks}"
        self.child.send(keys + "\r" + mark + "\r")
        text = self.until(f"{mark}: no such command")
        self.until()
        return text

    def end(self, line):
        self.child.send(line + "\r")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus

    def close(self):
        self.child.close(force=True)


def all_hold(text):
    """What `check` printed: a line for each group, and so many hold."""
    held, groups = map(int, re.search(r"(\d+) of (\d+) groups of invariants "
                                      r"hold", text).groups())
    return held == groups == text.count(" ok") >= 9
