# SPDX-License-Identifier: MIT
"""guest.py - the machine that is looked at: registers and memory, read only

WHAT    Reads by virtual address go through the page tables that are loaded;
        for reads by physical address QEMU is asked.

TERMS   physical mode  QEMU's packet Qqemu.PhyMemMode: all addresses of the
                       packets that follow are physical

NOTE    Nothing here writes to the guest. evaluate() refuses an expression that
        would write: an assignment, or a call of a function, which would run on
        the guest's stack.

SEE     QEMU gdbstub.c; hmp-commands.hx, "xp".
"""

import contextlib
import re

import gdb

CR0_PG = 1 << 31
EFER_NXE = 1 << 11
FOUR_GIB = 1 << 32

# QEMU's packets are 4096 characters, two for each byte.
CHUNK = 2048

ASSIGNMENT = re.compile(r"(?<![=!<>])=(?!=)|<<=|>>=|\+\+|--")


class Refused(gdb.GdbError):
    """The reason why a command gets no answer, without a trace of Python."""


def packet(text):
    """Send a packet of the remote protocol. Returns: the answer."""
    said = gdb.execute(f"maintenance packet {text}", to_string=True)
    found = re.search(r'^received: "(.*)"$', said, re.MULTILINE)
    return found.group(1) if found else ""


@contextlib.contextmanager
def no_calls():
    """Expressions may not call functions of the kernel, for a while."""
    before = "on" if gdb.parameter("may-call-functions") else "off"
    gdb.execute("set may-call-functions off", to_string=True)
    try:
        yield
    finally:
        gdb.execute(f"set may-call-functions {before}", to_string=True)


def evaluate(text):
    """The value of an expression that a user typed; it may only read."""
    if ASSIGNMENT.search(text):
        raise Refused(f"{text}: would write; pg only reads")
    try:
        with no_calls():
            value = gdb.parse_and_eval(text)
            if value.type.strip_typedefs().code != gdb.TYPE_CODE_VOID:
                value.fetch_lazy()
            return value
    except gdb.error as error:
        raise Refused(f"{text}: {error}") from error


@contextlib.contextmanager
def virtual_mode():
    """The user may have chosen physical mode: leave this mode while we read."""
    was_physical = packet("qqemu.PhyMemMode") == "1"
    if was_physical:
        packet("Qqemu.PhyMemMode:0")
    try:
        yield
    finally:
        if was_physical:
            packet("Qqemu.PhyMemMode:1")


@contextlib.contextmanager
def reading():
    """Around each command: a machine is there and stands still."""
    try:
        thread = gdb.selected_thread()
    except gdb.error:
        thread = None
    if thread is None:
        raise Refused("no machine is attached: start with `make debug`")
    if thread.is_running():
        raise Refused("the machine is running: stop it with Ctrl-C")
    with virtual_mode():
        yield


# ---- registers --------------------------------------------------------------

def register(name):
    """A register of the innermost frame: it is the CPU's own."""
    try:
        return int(gdb.newest_frame().read_register(name)) & 0xFFFFFFFF
    except (ValueError, gdb.error):
        return register_of_monitor(name)


def register_of_monitor(name):
    """For a remote end that does not describe its control registers."""
    said = gdb.execute("monitor info registers", to_string=True)
    found = re.search(rf"\b{name}=([0-9a-f]+)", said, re.IGNORECASE)
    if not found:
        raise Refused(f"QEMU does not say what {name.upper()} is")
    return int(found.group(1), 16) & 0xFFFFFFFF


def paging_on():
    return bool(register("cr0") & CR0_PG)


def need_paging():
    if not paging_on():
        raise Refused(
            f"paging is off (CR0 is 0x{register('cr0'):08x}, PG is clear): "
            "addresses are physical, and nothing of the kernel above 3 GiB is "
            "there yet. `tbreak kernel_main` and `continue` lead to where it "
            "is.")


# ---- memory -----------------------------------------------------------------

def read_virtual(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.error as error:
        raise Refused(f"nothing can be read at 0x{address:08x}") from error


def read_packet(address, size):
    answer = packet(f"m{address:x},{size:x}")
    if len(answer) != 2 * size:
        raise Refused(f"QEMU reads nothing at physical 0x{address:x}")
    return bytes.fromhex(answer)


def read_below_4g(address, size):
    """In physical mode the addresses of a 32-bit machine have 32 bits."""
    if packet("Qqemu.PhyMemMode:1") != "OK":
        raise Refused("the remote end cannot read physical memory: "
                      "is it QEMU?")
    try:
        return b"".join(read_packet(at, min(CHUNK, address + size - at))
                        for at in range(address, address + size, CHUNK))
    finally:
        packet("Qqemu.PhyMemMode:0")


def read_by_monitor(address, size):
    """QEMU's monitor has 64 bits for a physical address."""
    said = gdb.execute(f"monitor xp /{size}xb 0x{address:x}", to_string=True)
    data = bytes(int(byte, 16) for line in said.splitlines()
                 for byte in re.findall(r"0x([0-9a-f]{2})\b",
                                        line.partition(":")[2]))
    if len(data) != size:
        raise Refused(f"QEMU reads nothing at physical 0x{address:x}")
    return data


def read_physical(address, size):
    if address + size <= FOUR_GIB:
        return read_below_4g(address, size)
    return read_by_monitor(address, size)
