# SPDX-License-Identifier: MIT
"""test_monitor.py - the kernel's monitor, typed at

WHAT    A machine at the prompt `pagoda> `, through the serial port and through
        the keyboard of the PC. What its commands print in Linux's formats is
        read by parsers that must read Linux's own files too.
"""
import json
import re
import socket
import time
from pathlib import Path

import pexpect
import pytest

import machine

PROMPT = "pagoda> "
ARCHIVE = machine.BUILD / "boot.cpio"

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
TAB, BACKSPACE = "\t", "\x7f"


class Session:
    """A machine at the monitor's prompt."""

    def __init__(self, append="monitor", mem="1G", cpu="max", extra=(),
                 prompt=PROMPT, board="pc"):
        self.marks = 0
        shape = machine.Shape(mem, cpu, board, extra=list(extra))
        words = machine.command(shape, append)
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


@pytest.fixture(scope="module")
def monitor(kernel):
    session = Session()
    yield session
    session.close()


@pytest.fixture
def own(kernel):
    """A machine for one test alone: Session() with other arguments."""
    sessions = []

    def start(*args, **options):
        sessions.append(Session(*args, **options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


# ---- ways in and out -----------------------------------------------------


def test_it_stops_before_anything_is_run(monitor):
    assert "This is the kernel's monitor" in monitor.boot
    assert "init" not in monitor.run("ps")


def test_poweroff_and_exit_end_the_machine(own):
    assert own().end("poweroff") == 0
    assert own().end("exit") == 0


def test_reboot_begins_again(own):
    """With -no-reboot the emulator ends instead."""
    assert own().end("reboot") == 0


def test_exit_runs_init_and_the_shell_comes_back_to_it(own):
    assert ARCHIVE.exists(), "no boot archive: run `make` first"
    session = own(extra=["-initrd", str(ARCHIVE)])
    session.child.send("exit\r")
    session.until("\r\n$ ")
    session.child.send("exit\r")
    assert "User mode has ended" in session.until()
    look_at_tasks(session)
    assert session.end("poweroff") == 0


def look_at_tasks(session):
    """User mode stands still, and can be looked at."""
    lines = session.run("ps").splitlines()
    shell = next(line.split() for line in lines if line.endswith(" sh"))
    assert int(shell[4]) > 0
    maps = session.run(f"maps {shell[0]}").splitlines()
    for line in maps:
        assert re.match(r"[0-9a-f]{8}-[0-9a-f]{8} [r-][w-][x-][ps] "
                        r"[0-9a-f]{8} \d\d:\d\d \d+ ?", line), line
    assert any(line.endswith("[stack]") for line in maps)
    code = next(line for line in maps if " r-xp " in line)[:8]
    assert "user mode too" in session.run(f"walk {code} {shell[0]}")
    assert "VMA" in session.run(f"find {code} {shell[0]}")
    assert "--" not in session.run(f"x {code} 16 {shell[0]}")
    assert session.run("check").count(" ok") == 9


def test_a_panic_opens_it_when_that_was_asked_for(own):
    session = own("monitor crash=null")
    assert "PANIC: page fault" in session.boot
    assert "this is what is left of it" in session.boot
    assert "MemTotal:" in session.run("meminfo")
    assert "frame 0x100" in session.run("page 0x100")
    assert "has panicked" in session.run("test list")
    assert "given up" in session.run("fault divide")
    assert "ps" in session.run("help ps")
    assert session.end("exit") == 37


def test_a_panic_of_another_thread_is_not_the_commands(own):
    session = own()
    text = session.run("fault thread-guard")
    assert "stack of thread overflower" in text
    assert "this is what is left of it" in text
    assert session.end("exit") == 37


# ---- typing --------------------------------------------------------------


@pytest.mark.parametrize("keys, line", [
    ("memifo" + LEFT * 2 + "n", "meminfo"),
    ("xpage 0" + HOME + DELETE, "page 0"),
    ("page 9" + BACKSPACE + "0", "page 0"),
    ("nonsense\x15page 0", "page 0"),
    ("age 0\x01p\x05\x06", "page 0"),
    ("page 0 junk\x17", "page 0 "),
    ("page 0junk" + LEFT * 4 + "\x0b", "page 0"),
    ("pag 0\x1b[1;5D" + LEFT + "e", "page 0"),
    ("pag" + TAB + "0", "page 0"),
    ("slab kmalloc-4" + TAB, "slab kmalloc-4096 "),
    ("buddy" + TAB, "buddyinfo "),
    ("help vma" + TAB, "help vmallocinfo "),
    ("alloc kmalloc-" + TAB + "16", "alloc kmalloc-dma 16"),
])
def test_lines_are_edited(monitor, keys, line):
    """`history` says what the kernel has understood."""
    monitor.keys(keys)
    assert f"  {line}\n" in monitor.run("history") + "\n"
    monitor.run("free all")


def test_history_brings_lines_back(monitor):
    monitor.run("page 0x100")
    monitor.run("page 0x101")
    assert "frame 0x100" in monitor.keys(UP + UP)
    # keys() leaves a line of its own there.
    assert "frame 0x101" in monitor.keys(UP * 3)
    assert "frame 0x101" in monitor.keys(UP * 9 + DOWN * 20 + UP * 2)


def test_tab_lists_what_is_possible(monitor):
    text = monitor.keys("slab" + TAB + TAB + "info")
    assert re.search(r"slabinfo +slab +\n", text)
    text = monitor.keys("fault v" + TAB + TAB + "freed")
    assert re.search(r"vmalloc-guard +vmalloc-freed", text)
    assert "vmalloc area that was freed" in text


def test_control_c_gives_the_line_up(monitor):
    assert "poweroff^C" in monitor.keys("poweroff\x03")
    assert "ok" in monitor.run("check")


def test_colours_come_when_the_terminal_answers(own):
    session = own()
    assert "\x1b[6n" in session.boot
    assert "\x1b[1;32m" not in session.boot
    session.child.send("\x1b[24;80R")
    session.child.send("colour\r")
    session.child.expect_exact("colours are on")
    session.child.expect_exact("\x1b[1;32m" + PROMPT + "\x1b[0m")
    session.child.send("colour off\r")
    session.child.expect(r"colours are off[\r\n]+" + PROMPT)


# ---- keyboard and screen -------------------------------------------------


class Qmp:
    """QEMU's own monitor: it can press keys and read memory."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(machine.limit("boot"))
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        json.loads(self.file.readline())
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
        return self.execute("human-monitor-command",
                            **{"command-line": line})

    def press(self, *names):
        for name in names:
            self.human(f"sendkey {name} 20")
            time.sleep(0.06)

    def screen(self):
        """The text on the screen: 25 rows."""
        dump = self.human("xp /4000xb 0xb8000")
        data = bytes(int(byte, 16) for byte in
                     re.findall(r"0x([0-9a-f]{2})\b", re.sub(
                         r"^[0-9a-f]+:", "", dump, flags=re.MULTILINE)))
        text = data[::2].decode("latin-1")
        return [text[i:i + 80].rstrip() for i in range(0, 2000, 80)]


def test_the_keyboard_and_the_screen_of_the_pc_work_too(own, tmp_path):
    path = tmp_path / "qmp"
    session = own(extra=["-qmp", f"unix:{path},server=on,wait=off"])
    qmp = Qmp(path)
    qmp.press("p", "a", "g", "x", "backspace", "e", "spc", "0", "shift-x",
              "left", "delete", "x", "1", "0", "0", "ret")
    assert "frame 0x100" in session.until()
    screen = "\n".join(qmp.screen())
    assert "pagoda> page 0x100\nframe 0x100, 0x0000000000100000" in screen
    qmp.press("up", "ret")
    assert "frame 0x100" in session.until()
    qmp.press("m", "a", "tab", "ctrl-c", "k", "m", "tab", "ret")
    assert "512 slots" in session.until("slots in use")


# ---- Linux's formats -----------------------------------------------------


def host_file(name):
    """The machine's own file, where it is Linux's and may be read."""
    try:
        return Path("/proc", name).read_text()
    except OSError:
        return None


def meminfo(text):
    rows = {}
    for line in text.strip().splitlines():
        row = re.fullmatch(r"(\S+):\s+(\d+)( kB)?", line)
        assert row, line
        rows[row[1]] = int(row[2])
    return rows


def buddyinfo(text):
    zones = {}
    for line in text.strip().splitlines():
        row = re.fullmatch(r"Node (\d+), zone +(\w+) ((?: +\d+)+) ?",
                           line)
        assert row, line
        zones[row[1], row[2]] = [int(n) for n in row[3].split()]
    return zones


def zoneinfo(text):
    zones, zone = {}, None
    for line in text.strip("\n").splitlines():
        head = re.fullmatch(r"Node (\d+), zone +(\w+)", line)
        if head:
            zone = zones.setdefault((head[1], head[2]), {})
            continue
        row = re.fullmatch(r" +(?:pages )?([\w-]+):? +(\d+|\(.*\))", line)
        if row:
            zone.setdefault(row[1], row[2])
        else:
            assert re.fullmatch(r"  per-node stats|  pagesets|"
                                r"  vm stats threshold: \d+|"
                                r" +cpu: \d+", line), line
    return zones


SLAB = re.compile(r"(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) : tunables +(\d+)"
                  r" +(\d+) +(\d+) : slabdata +(\d+) +(\d+) +(\d+)")


def slabinfo(text):
    lines = text.strip().splitlines()
    assert lines[0] == "slabinfo - version: 2.1"
    assert lines[1].startswith("# name            <active_objs> <num_objs> "
                               "<objsize> <objperslab> <pagesperslab>")
    rows = [SLAB.fullmatch(line) for line in lines[2:]]
    assert all(rows), lines
    return {row[1]: [int(n) for n in row.groups()[1:]] for row in rows}


def vmallocinfo(text):
    areas = []
    for line in text.strip().splitlines():
        row = re.match(r"0x([0-9a-f]+)-0x([0-9a-f]+) +(\d+) (\S+)", line)
        assert row, line
        areas.append((int(row[1], 16), int(row[2], 16), int(row[3]), row[4]))
    return areas


def iomem(text):
    """Checks that lines nest. Returns: (depth, start, end, name) of each."""
    rows, outer = [], []
    for line in text.strip("\n").splitlines():
        row = re.fullmatch(r"( *)([0-9a-f]{8,})-([0-9a-f]{8,}) : (.+)", line)
        assert row, line
        depth, start, end = len(row[1]) // 2, int(row[2], 16), int(row[3], 16)
        del outer[depth:]
        assert len(outer) == depth, line
        assert all(a <= start <= end <= b for a, b in outer) or end == 0, line
        outer.append((start, end))
        rows.append((depth, start, end, row[4]))
    return rows


PARSERS = [meminfo, buddyinfo, zoneinfo, slabinfo, vmallocinfo, iomem]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda f: f.__name__)
def test_one_parser_reads_linux_and_us(monitor, parser):
    ours = parser(monitor.run(parser.__name__))
    assert ours
    text = host_file(parser.__name__)
    if not text:
        pytest.skip(f"/proc/{parser.__name__} of this machine: unreadable")
    theirs = parser(text)
    if parser is meminfo:
        # Huge pages of the transparent kind are the only thing that we
        # leave out, and what some configurations add.
        assert list(ours) == [n for n in list(ours) if n in theirs or
                              n.startswith(("High", "Low", "Sec", "NFS"))]


def test_psutil_reads_our_meminfo(monitor, tmp_path, monkeypatch):
    psutil = pytest.importorskip("psutil")
    text = monitor.run("meminfo")
    (tmp_path / "meminfo").write_text(text + "\n")
    (tmp_path / "zoneinfo").write_text(monitor.run("zoneinfo") + "\n")
    (tmp_path / "vmstat").write_text("pswpin 0\npswpout 0\n")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    memory, rows = psutil.virtual_memory(), meminfo(text)
    assert memory.total == rows["MemTotal"] * 1024
    assert memory.free == rows["MemFree"] * 1024
    assert memory.available == rows["MemAvailable"] * 1024
    assert memory.slab == rows["Slab"] * 1024
    assert 900 << 20 < memory.available <= memory.free < memory.total < 1 << 30
    assert psutil.swap_memory().total == 0


def test_the_figures_of_all_of_them_agree(monitor):
    memory = meminfo(monitor.run("meminfo"))
    blocks = buddyinfo(monitor.run("buddyinfo"))
    zones = zoneinfo(monitor.run("zoneinfo"))
    caches = slabinfo(monitor.run("slabinfo"))
    managed = sum(int(zone["managed"]) for zone in zones.values())
    assert memory["MemTotal"] == managed * 4
    for name, zone in zones.items():
        if int(zone["present"]):
            free = sum(n << order for order, n in enumerate(blocks[name]))
            assert free == int(zone["free"])
    pages = sum(row[4] * row[9] for row in caches.values())
    assert memory["Slab"] == pages * 4
    assert caches["kmalloc-64"][2] == 64
    ram = sum(end + 1 - start
              for depth, start, end, name in iomem(monitor.run("iomem"))
              if depth == 0 and name == "System RAM")
    assert ram // 4096 == sum(int(z["present"]) for z in zones.values())


def test_lowmem_and_highmem_add_up(monitor):
    rows = meminfo(monitor.run("meminfo"))
    assert rows["MemFree"] == rows["LowFree"] + rows["HighFree"]
    assert rows["MemTotal"] == rows["LowTotal"] + rows["HighTotal"]
    assert rows["HighTotal"] > 0


def test_areas_of_vmallocinfo_are_in_order_and_as_long_as_they_say(monitor):
    """Linux shows the addresses to root alone, so only ours are looked at."""
    areas = vmallocinfo(monitor.run("vmallocinfo"))
    for start, end, size, _ in areas:
        assert end - start == size
    assert areas == sorted(areas)
    assert all(a[1] <= b[0] for a, b in zip(areas, areas[1:]))


# ---- looking and doing ---------------------------------------------------


def test_every_command_has_help(monitor):
    names = re.findall(r"^  (\w+) ", monitor.run("help"), re.MULTILINE)
    assert len(names) > 30
    for name in names:
        assert monitor.run(f"help {name}").startswith(name)


def test_map_draws_both_address_spaces(monitor):
    text = monitor.run("map")
    for word in ("direct map", "vmalloc", "kmap slots", "fixmap",
                 "DMA", "Normal", "HighMem"):
        assert word in text
    assert len(re.findall(r"^    \[.{64}\]$", text, re.MULTILINE)) >= 5


def test_memory_taken_by_hand_is_found_and_given_back(monitor):
    before = meminfo(monitor.run("meminfo"))["MemFree"]
    pfn = re.search(r"pfn (0x\w+)", monitor.run("alloc page 4"))[1]
    assert "order 4" in monitor.run(f"page {pfn}")
    assert meminfo(monitor.run("meminfo"))["MemFree"] <= before - 64
    va = re.search(r"0x\w+", monitor.run("alloc vmalloc 64K"))[0]
    assert "made by take_vmalloc" in monitor.run(f"find {va}")
    assert "read, write, kernel only" in monitor.run(f"walk {va}")
    high = re.search(r"pfn (0x\w+)", monitor.run("alloc highmem 0"))[1]
    slot = re.search(r"kmap +(0x\w+)", monitor.run(f"alloc kmap {high}"))[1]
    assert f"frame   {high}" in monitor.run(f"find {slot}")
    assert f"pfn {high}" in monitor.run("kmap")
    monitor.run("free all")
    assert "free" in monitor.run(f"page {pfn}")
    assert "none" in monitor.run(f"find {va}")


def test_a_leak_is_found_by_its_caller(monitor):
    monitor.run("leak mark")
    monitor.run("alloc kmalloc 100")
    text = monitor.run("leak")
    assert re.search(r"1 x kmalloc-128, 128 bytes.*\n +take_kmalloc\+", text)
    monitor.run("free all")
    assert "Nothing" in monitor.run("leak")
    monitor.run("leak off")


def lspci(text):
    """lspci -v, as far as `pci` prints it: slot -> (ids, lines below)."""
    devices = {}
    for line in text.splitlines():
        head = re.fullmatch(r"(\w\w:\w\w\.\w) .* \[\w{4}\]: "
                            r"\[(\w{4}:\w{4})\] \(rev \w\w\)", line)
        if head:
            below = []
            devices[head[1]] = (head[2], below)
        elif line:
            assert line.startswith("\t"), line
            below.append(line.strip())
    return devices


def test_pci_lists_devices_behind_bridges_too(own):
    session = own(board="q35", extra=[
        "-device", "edu,addr=3",
        "-device", "pci-bridge,id=b,chassis_nr=1,addr=4",
        "-device", "edu,bus=b,addr=5"])
    devices = lspci(session.run("pci"))
    assert devices["00:00.0"][0] == "8086:29c0"
    assert devices["00:04.0"][0] == "1b36:0001"
    for slot in "00:03.0", "01:05.0":
        ids, lines = devices[slot]
        assert ids == "1234:11e8"
        assert any(re.fullmatch(r"Memory at \w{8} \(32-bit, "
                                r"non-prefetchable\) \[size=1M\]", line)
                   for line in lines), lines
        assert any(line.startswith("Flags: IRQ") for line in lines), lines
    assert list(devices) == sorted(devices)


def test_acpi_lists_tables_and_what_was_taken_from_them(own):
    session = own(board="q35", mem="512M", extra=[
        "-device", "intel-iommu", "-device", "edu,addr=5"])
    text = session.run("acpi")
    tables = re.findall(r"^(\w{4}) 0x(\w{16}) +(\d+) bytes  ok$", text,
                        re.MULTILINE)
    assert [t[0] for t in tables][0] == "RSDT"
    assert {"FACP", "APIC", "DMAR", "DSDT"} <= {t[0] for t in tables}
    # They lie in what the firmware keeps for itself, not in RAM.
    ram = [r for r in iomem(session.run("iomem")) if r[3] == "System RAM"]
    for _, pa, _ in tables:
        assert not [r for r in ram if r[1] <= int(pa, 16) <= r[2]]
    assert "1 CPU, local APIC at 0x00000000fee00000, two 8259" in text
    assert "line  0 is GSI 2, edge, active high" in text
    assert "sleep type 0 to port 0x604" in text
    unit = re.search(r"^DMAR unit at 0x00000000fed90000, segment 0:(.*)$",
                     text, re.MULTILINE)
    assert "00:05.0" in unit[1].split()
    assert session.end("poweroff") == 0


def test_the_power_goes_off_by_the_firmwares_way(own):
    session = own(mem="64M")
    session.child.send("poweroff\r")
    session.child.expect_exact("ACPI: power off, port 0x604, sleep type 0")
    session.child.expect(pexpect.EOF)


@pytest.mark.parametrize("board", ["pc,acpi=off", "isapc"])
def test_acpi_says_where_there_is_none(own, board):
    session = own(cpu="pentium3", mem="64M", board=board)
    assert session.run("acpi").strip() == "this machine has no ACPI"


def test_pci_says_where_there_is_none(own):
    session = own(cpu="pentium3", mem="64M", board="isapc")
    assert session.run("pci").strip() == "this machine has no PCI"


def test_every_fault_is_explained_and_survived(monitor):
    kinds = re.findall(r"^  ([\w-]+) ", monitor.run("fault"), re.MULTILINE)
    assert len(kinds) > 15
    for kind in kinds:
        if kind == "thread-guard":     # not the monitor's own thread
            continue
        text = monitor.run(f"fault {kind}")
        assert "PANIC: " in text and "given up" in text, kind
        assert "backtrace, innermost first" in text
    # An entry with a bit too many is still there, until the next one.
    monitor.run("fault hole")
    assert monitor.run("check").count(" ok") == 9


def test_tests_and_benchmarks_run_from_it(monitor):
    assert "# pagoda: selftest: 7 passed" in monitor.run("test list")
    assert "no such suite" in monitor.run("test nothing")
    assert re.search(r"^bench\talloc_page_o0_pair\t\d+\t\d+$",
                     monitor.run("bench alloc_page_o0_pair"), re.MULTILINE)


def test_the_log_is_kept_apart_from_the_dumps(monitor):
    monitor.run("slabinfo")
    text = monitor.run("log")
    assert "slabinfo - version" not in text


@pytest.mark.parametrize("line, words", [
    ("walk zzz", "neither a hexadecimal number nor a function"),
    ("walk 123456789", "32 bits"),
    ("page 99999999", "memory ends before"),
    ("page abc", "not a frame number"),
    ("maps 12345", "no such task"),
    ("x 0 5000", "not between"),
    ("x ffbfe000 4", "-- -- -- --"),
    ("free 9", "nothing is held"),
    ("alloc kmalloc 5M", "not between"),
    ("alloc page 11", "not between"),
    ("alloc vmalloc 110M", "vmalloc"),
    ("alloc ioremap 0x100000", "contains RAM"),
    ("slab nothing", "no such cache"),
    ("log 9", "not between"),
    ("nothing", "no such command"),
    ("meminfo x", "usage"),
])
def test_wrong_arguments_are_refused_in_words(monitor, line, words):
    assert words in monitor.run(line)
    monitor.run("free all")


@pytest.mark.parametrize("mem, cpu", [("16M", None), ("4G", "pentium3"),
                                      ("8M", "qemu32")])
def test_it_works_on_small_and_large_machines(own, mem, cpu):
    session = own(mem=mem, cpu=cpu)
    for line in ("meminfo", "map", "iomem", "zoneinfo", "fixmap"):
        assert session.run(line)
    assert session.run("check").count(" ok") == 9
    assert session.end("poweroff") == 0
