# SPDX-License-Identifier: MIT
"""qmp.py - QEMU's own monitor, for tests that look from outside"""

import json
import socket

from machine import limit


class Qmp:
    """QEMU's own monitor, through its QMP socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(limit("boot"))
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        json.loads(self.file.readline())        # the greeting
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        self.file.write(json.dumps({"execute": name,
                                    "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        text = self.execute("human-monitor-command", **{"command-line": line})
        return text.replace("\r", "")
