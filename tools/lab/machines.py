# SPDX-License-Identifier: MIT
"""machines.py - the machine of a student's tree

WHAT     A row of `machines` in lab.json says how much RAM there is, and what is
         special. The seed of a tree chooses a row. From the row come the
         options of QEMU, the words of the kernel and the options of the host
         program: all three see the same machine.

         {"mem": "701M"}                RAM
         "vmalloc": "320M"              so the end of the direct map lies lower
         "nx": false                    a CPU without NX
         "board": "q35"                 of QEMU
         "holes": ["150M-153M"]         no RAM there; only the host can do this
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    mem: str = "1G"
    vmalloc: str = "128M"
    nx: bool = True
    board: str = "pc"
    holes: tuple = ()
    why: str = ""       # what an exercise or a test needs, for the reader

    @property
    def cpu(self):
        return "max" if self.nx else "max,-nx"

    def of_qemu(self):
        return ["-machine", self.board, "-m", self.mem, "-cpu", self.cpu]

    def words(self):
        """Of the kernel's command line."""
        return [f"vmalloc={self.vmalloc}"]

    def of_host(self):
        return [f"--mem={self.mem}", f"--vmalloc={self.vmalloc}",
                *([] if self.nx else ["--nonx"]),
                *(f"--hole={hole}" for hole in self.holes)]
