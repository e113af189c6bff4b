# SPDX-License-Identifier: MIT
"""outside.py - a kernel that is looked at from outside

WHAT     Boots a kernel image in QEMU, stops the machine through QMP, and reads
         the kernel's structures from physical memory. The kernel is not asked
         for anything, and no word of the kernel is believed (rule G5 of
         guard.py). outside_laws.py says which laws must be true.

PICTURE    pagoda.elf --> GDB, without a machine --> Layout: addresses, offsets
           QEMU -- stop, pmemsave, registers  --> Memory: bytes
           both together                       --> Look: variables, entries

TERMS    lowmem   an address of the direct map: its physical address is the
                  address minus PAGE_OFFSET. The page tables are not needed to
                  read it, so wrong page tables cannot hide it
         Broken   a structure that leads nowhere: this is a fault, too
         held     the machine stands after the kernel has turned the power off,
                  because QEMU runs with -no-shutdown

ALGORITHM  Bytes are fetched in pieces of 64 KiB, and kept until forget(). What
         GDB says of an image depends on the image only, so it is asked once.

SEE      QEMU: docs/interop/qmp-spec, "stop", "pmemsave".
"""
import functools
import json
import os
import re
import resource
import select
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS_GDB = HERE.parent / "gdb"
PROMPT = "pagoda> "
CPU_SECONDS = 120       # CPU time of one machine
WALL_SECONDS = 900      # behind it, by the clock
PIECE = 1 << 16
PAGE = 4096
LARGE = 2 << 20
QUARTER = 1 << 30

KMAP = "mm/kva/kmap.c"
HOLD = "kernel/monitor/hold.c"
SYMBOLS = (
    "zones", "mem_map", "max_pfn", "max_low_pfn", "high_memory",
    "pageblock_states", "kernel_image", "all_tasks", f"{KMAP}::slot_count",
    f"{KMAP}::slot_page", f"{KMAP}::nr_used", f"{HOLD}::held")
MEMBERS = (
    "zone.nr_free", "zone.free_orders", "zone.free", "zone.blocks",
    "zone.start", "zone.end", "zone.present", "zone.managed", "zone.spanned",
    "zone.min", "zone.low", "zone.high", "zone.name",
    "page.list", "page.state", "page.order", "page.state_order", "page.kmap",
    "image_layout.text_start", "image_layout.text_end",
    "image_layout.rodata_start", "image_layout.rodata_end",
    "image_layout.guard", "image_layout.nr_guards",
    "task.mm", "task.pid", "task.all", "mm.tables.root", "held.ptr")
SIZES = ("zone", "page", "held")
CONSTANTS = (
    "PAGE_OFFSET", "MAX_ORDER", "PAGE_RESERVED", "PAGE_FREE", "PAGE_TAIL",
    "PAGEBLOCK_HOLE", "PAGEBLOCK_VIRGIN", "PAGEBLOCK_LIVE", "PKMAP_BASE",
    "PKMAP_END", "VMALLOC_END", "VMALLOC_OFFSET", "PT_SPAN", "FIXMAP_PT_BASE",
    "PAE_P", "PAE_RW", "PAE_US", "PAE_PWT", "PAE_PCD", "PAE_A", "PAE_D",
    "PAE_PS", "PAE_G", "PAE_XD", "PAE_ADDR_MASK", "PAE_LARGE_MASK",
    "ISA_HOLE_START", "ISA_HOLE_END")


class OutsideError(Exception):
    """The look is not possible: the reason is a tool or the machine."""


class Broken(Exception):
    """A structure that cannot be followed."""


# ---- what GDB knows ----------------------------------------------------------

class Layout:
    """Where things are in an image."""

    def __init__(self, data):
        self.symbols, self.members = data["symbols"], data["members"]
        self.sizes, self.constants = data["sizes"], data["constants"]

    def __getitem__(self, name):
        return self.constants[name]


def layout_of(kernel, more=()):
    """The Layout of an image; `more`: further symbols."""
    file = os.stat(kernel)
    return read_layout(kernel, (file.st_ino, file.st_mtime_ns), more)


@functools.lru_cache(maxsize=None)
def read_layout(kernel, _, more):
    """`_` is another one when the file is another one."""
    want = {"symbols": [*SYMBOLS, *more], "members": MEMBERS, "sizes": SIZES,
            "constants": CONSTANTS}
    env = os.environ | {"PAGODA_GDB": str(TOOLS_GDB),
                        "PAGODA_WANT": json.dumps(want)}
    gdb = find_gdb()
    done = subprocess.run([gdb, "-nx", "-batch", "-x",
                           HERE / "outside_gdb.py", kernel], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line[:1] == "{"]
    if not lines:
        raise OutsideError(f"{gdb} cannot read {kernel}: "
                           f"{(done.stderr.splitlines() or ['?'])[-1]}")
    return Layout(json.loads(lines[-1]))


@functools.lru_cache(maxsize=None)
def find_gdb():
    """The same GDB as `make debug`."""
    done = subprocess.run([TOOLS_GDB / "debug", "--which"], text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise OutsideError(done.stderr.strip())
    return done.stdout.strip()


# ---- the machine -------------------------------------------------------------

def limit_cpu():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))


class Qmp:
    """QEMU's own monitor."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WALL_SECONDS)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.file.readline()            # the greeting
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        self.file.write(json.dumps({"execute": name,
                                    "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise OutsideError("QEMU has ended")
            answer = json.loads(line)
            if "error" in answer:
                raise OutsideError(f"QEMU: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        return self.execute("human-monitor-command",
                            **{"command-line": line}).replace("\r", "")

    def close(self):
        self.file.close()
        self.socket.close()


class Machine:
    """A kernel in QEMU; to be used with `with`."""

    def __init__(self, kernel, archive, append, options=("-m", "1G")):
        self.home = tempfile.TemporaryDirectory(prefix="look-")
        self.folder = Path(self.home.name)
        for name, file in (("kernel", kernel), ("archive", archive)):
            (self.folder / name).symlink_to(Path(file).resolve())
        command = ["qemu-system-i386", "-accel", "tcg",
                   "-kernel", self.folder / "kernel",
                   "-initrd", self.folder / "archive",
                   "-append", append, "-cpu", "max", *options,
                   "-display", "none", "-serial", "stdio", "-monitor", "none",
                   "-no-reboot", "-no-shutdown", "-qmp",
                   f"unix:{self.folder}/qmp,server=on,wait=off"]
        self.text, self.at, self.qmp = "", 0, None
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, preexec_fn=limit_cpu, bufsize=0)
        except OSError as error:
            self.home.cleanup()
            raise OutsideError(f"qemu-system-i386: {error}") from error
        self.end = time.monotonic() + WALL_SECONDS

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.qmp):
            if stream:
                stream.close()
        self.home.cleanup()

    # ---- the console ---------------------------------------------------------

    def read(self, seconds):
        """Read what the console says, for so long at most."""
        stream = self.process.stdout
        if not select.select([stream], [], [], seconds)[0]:
            return
        data = os.read(stream.fileno(), PIECE)
        self.text += data.decode(errors="replace").replace("\r", "")
        if not data:
            self.process.wait()
            raise OutsideError("the machine ended: " +
                               (self.text.splitlines() or ["no word"])[-1])

    def until(self, words):
        """Wait for words on the console. Returns: what stood before them."""
        while words not in self.text[self.at:]:
            if time.monotonic() > self.end:
                raise OutsideError(f"the machine never said \"{words}\"")
            self.read(1)
        start, self.at = self.at, self.text.index(words, self.at) + len(words)
        return self.text[start:self.at - len(words)]

    def type(self, line):
        """A line for the kernel's monitor. Returns: what the command says."""
        self.process.stdin.write(line.encode() + b"\r")
        return self.until("\n" + PROMPT)

    # ---- QEMU ----------------------------------------------------------------

    def connect(self):
        path = self.folder / "qmp"
        while not self.qmp:
            try:
                self.qmp = Qmp(path)
            except OSError as error:
                if self.process.poll() is not None or \
                        time.monotonic() > self.end:
                    raise OutsideError("QEMU did not start") from error
                self.read(0.1)

    def stop(self):
        self.connect()
        self.qmp.execute("stop")

    def go_on(self):
        self.qmp.execute("cont")

    def until_held(self):
        """Wait until the kernel has turned the power off, or has stopped the
        CPU for ever."""
        self.connect()
        while self.qmp.execute("query-status")["running"]:
            if time.monotonic() > self.end:
                raise OutsideError("the kernel did not come to its end")
            self.read(0.2)


class Memory:
    """Physical memory of a machine that stands still."""

    def __init__(self, machine):
        self.machine, self.pieces = machine, {}

    def forget(self):
        self.pieces = {}

    def piece(self, number):
        if number not in self.pieces:
            file = self.machine.folder / "piece"
            self.machine.qmp.execute("pmemsave", val=number * PIECE,
                                     size=PIECE, filename=str(file))
            self.pieces[number] = file.read_bytes()
        return self.pieces[number]

    def read(self, address, size):
        first, last = address // PIECE, (address + size - 1) // PIECE
        data = b"".join(self.piece(i) for i in range(first, last + 1))
        start = address - first * PIECE
        return data[start:start + size]


# ---- variables, entries ------------------------------------------------------

class Look:
    """A machine that stands still, and the layout of its kernel."""

    def __init__(self, machine, layout):
        self.layout, self.memory = layout, Memory(machine)
        self.registers = registers_of(machine.qmp.human("info registers"))

    # ---- memory --------------------------------------------------------------

    def lowmem(self, address, size):
        """Bytes at an address of the direct map."""
        physical = address - self.layout["PAGE_OFFSET"]
        if not 0 <= physical <= QUARTER - size:
            raise Broken(f"0x{address:08x} is no address of the direct map")
        return self.memory.read(physical, size)

    def number(self, address, size=4):
        return int.from_bytes(self.lowmem(address, size), "little")

    def address(self, name):
        return self.layout.symbols[name][0]

    def value(self, name):
        """A variable that is one number."""
        address, size, _ = self.layout.symbols[name]
        return self.number(address, size)

    def values(self, name):
        """A variable that is an array of numbers."""
        address, size, count = self.layout.symbols[name]
        return self.numbers(address, size, count)

    def numbers(self, address, size, count):
        data = self.lowmem(address, size * count)
        return [int.from_bytes(data[i:i + size], "little")
                for i in range(0, len(data), size)]

    def member(self, structure, name):
        """A member that is one number: member(address, "zone.start")."""
        offset, size, _ = self.layout.members[name]
        return self.number(structure + offset, size)

    def members(self, structure, name):
        offset, size, count = self.layout.members[name]
        return self.numbers(structure + offset, size, count)

    def text(self, address):
        data = self.lowmem(address, 64)
        return data.split(b"\0")[0].decode("ascii", "replace")

    def ring(self, head):
        """Addresses of the links of a list. Each link back must fit."""
        before, at, count = head, self.number(head), 0
        while at != head:
            if count > 1 << 22:
                raise Broken(f"the list at 0x{head:08x} does not end")
            if self.number(at + 4) != before:
                raise Broken(f"the list at 0x{head:08x} is broken: the link "
                             f"back of 0x{at:08x} is 0x"
                             f"{self.number(at + 4):08x}, expected "
                             f"0x{before:08x}")
            yield at
            before, at, count = at, self.number(at), count + 1
        if self.number(head + 4) != before:
            raise Broken(f"the list at 0x{head:08x} has another end than "
                         "its last member")

    # ---- frames --------------------------------------------------------------

    def pfn_of(self, page):
        """The frame number of a struct page."""
        pfn, rest = divmod(page - self.value("mem_map"),
                           self.layout.sizes["page"])
        if rest or not 0 <= pfn < self.value("max_pfn"):
            raise Broken(f"0x{page:08x} is no entry of mem_map")
        return pfn

    def page_at(self, pfn):
        return self.value("mem_map") + pfn * self.layout.sizes["page"]

    def block_state(self, pfn):
        """hole, virgin or live: of the 4 MiB block that a frame lies in."""
        states = self.value("pageblock_states")
        return self.number(states + (pfn >> self.layout["MAX_ORDER"]), 1)

    def zones(self):
        """Addresses of the zones."""
        address, size, count = self.layout.symbols["zones"]
        return [address + i * size for i in range(count)]

    def zone_name(self, zone):
        return self.text(self.member(zone, "zone.name"))

    # ---- page tables ---------------------------------------------------------

    def entries(self, table, count=512):
        """The entries of a table at a physical address."""
        data = self.memory.read(table, 8 * count)
        return [int.from_bytes(data[i:i + 8], "little")
                for i in range(0, len(data), 8)]

    def walk(self, address, cr3=None):
        """[(physical address of the entry, entry)] of each level, up to the
        one that ends the walk."""
        mask, steps = self.layout["PAE_ADDR_MASK"], []
        table = (self.registers["CR3"] if cr3 is None else cr3) & ~31
        for shift, count in ((30, 4), (21, 512), (12, 512)):
            where = table + 8 * (address >> shift & count - 1)
            entry = int.from_bytes(self.memory.read(where, 8), "little")
            steps.append((where, entry))
            if not entry & self.layout["PAE_P"] or \
                    shift == 21 and entry & self.layout["PAE_PS"]:
                break
            table = entry & mask
        return steps

    def physical(self, address, cr3=None):
        """The physical address; None where nothing is mapped."""
        steps = self.walk(address, cr3)
        entry = steps[-1][1]
        if not entry & self.layout["PAE_P"]:
            return None
        if len(steps) == 2:
            return (entry & self.layout["PAE_LARGE_MASK"]) + address % LARGE
        return (entry & self.layout["PAE_ADDR_MASK"]) + address % PAGE

    def vmalloc_start(self):
        span = self.layout["PT_SPAN"]
        end = self.value("high_memory")
        return (end + span - 1) // span * span + self.layout["VMALLOC_OFFSET"]

    @property
    def nx(self):
        return bool(self.registers["EFER"] & 1 << 11)


def registers_of(text):
    """name -> value, of `info registers`."""
    found = {name: int(value, 16) for name, value in
             re.findall(r"\b(CR\d|EFER|EIP)=([0-9a-f]+)", text)}
    missing = {"CR0", "CR3", "CR4", "EFER"} - set(found)
    if missing:
        raise OutsideError(f"QEMU does not say {', '.join(sorted(missing))}")
    return found
