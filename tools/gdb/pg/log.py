# SPDX-License-Identifier: MIT
"""log.py - pg log: what the kernel has said, also what no console showed

SEE     kernel/diag/log_ring.c: a record is its length (1 byte), its level (1),
        the time stamp counter (8) and the text.
"""

from pg import kernel
from pg.facts import constant
from pg.guest import Refused, read_virtual


def records():
    """(level, text), oldest first."""
    ring = kernel.variable("ring", "kernel/diag/log.c")
    size, used = int(ring["size"]), int(ring["used"])
    data = read_virtual(int(ring["buf"]), size)
    tail = (int(ring["head"]) + size - used) % size
    data = (data[tail:] + data[:tail])[:used]
    header, at = constant("HEADER_SIZE"), 0
    while at < used:
        end = at + header + data[at]
        if end > used:
            raise Refused("the log is damaged from here on")
        yield data[at + 1], data[at + header:end].decode("ascii", "replace")
        at = end


def pg_log(lines=None):
    found = [f"<{level}> {text}" for level, text in records()]
    for line in found[-lines:] if lines else found:
        print(line)
