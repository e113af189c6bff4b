# SPDX-License-Identifier: MIT
"""unwind.py - backtraces through exceptions, interrupts and system calls

WHAT    GDB knows the frames of C from the symbols; of the assembly between an
        interrupted instruction and C it knows nothing, and would skip the very
        function that was interrupted. There the stack holds struct trap_regs,
        and these are its caller's registers. After a double fault they are in
        the main task's TSS.

PICTURE    trap_dispatch()      C
           trap_common          ESP --> struct trap_regs --+
           crash_null()         <-- EIP, ESP, EBP ... -----+

NOTE    Only where C was called from: the pushes and pops themselves, which one
        meets by stepi, are left to GDB's guess.
SEE     arch/i386/cpu/trap_entry.S, syscall_entry.S, double_fault.c.
"""

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from pg import kernel
from pg.guest import Refused

# In each of them ESP points at struct trap_regs where C is called.
ENTRIES = ("trap_common", "syscall_entry", "sysenter_entry",
           "arch_enter_user")
DOUBLE_FAULT = "double_fault_entry"

SAVED = ("eax", "ecx", "edx", "ebx", "ebp", "esi", "edi", "eip", "eflags")


class FrameId:
    """What tells this frame from all others."""

    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


def interrupted_esp(regs):
    """In ring 0 the CPU pushes no ESP: it is where its pushes began."""
    if int(regs["cs"]) & 3:
        return regs["user_esp"]
    address = int(regs.address) + kernel.offset_of("trap_regs", "user_esp")
    return gdb.Value(address).cast(regs["user_esp"].type)


class TrapUnwinder(Unwinder):
    """From C to what it interrupted."""

    def __init__(self):
        super().__init__("pagoda traps")

    def __call__(self, pending):
        if pending.level() == 0:
            return None
        pc = int(pending.read_register("eip")) & 0xFFFFFFFF
        # Most frames are none of ours: the first look must be cheap.
        name = kernel.code_name(pc).split("+")[0]
        try:
            if name in ENTRIES:
                return self.from_stack(pending, pc)
            if name == DOUBLE_FAULT:
                return self.from_tss(pending, pc)
        except (gdb.error, Refused):
            pass
        return None

    @staticmethod
    def answer(pending, pc, registers, esp):
        sp = pending.read_register("esp")
        info = pending.create_unwind_info(
            FrameId(sp, gdb.Value(pc).cast(sp.type)))
        for name in SAVED:
            info.add_saved_register(name, registers[name])
        info.add_saved_register("esp", esp)
        return info

    def from_stack(self, pending, pc):
        sp = int(pending.read_register("esp")) & 0xFFFFFFFF
        regs = kernel.structure_at(sp, "trap_regs")
        return self.answer(pending, pc, regs, interrupted_esp(regs))

    def from_tss(self, pending, pc):
        tss = kernel.variable("main_tss")["cpu"]
        return self.answer(pending, pc, tss, tss["esp"])


register_unwinder(None, TrapUnwinder(), replace=True)
