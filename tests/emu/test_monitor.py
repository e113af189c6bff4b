# SPDX-License-Identifier: MIT
"""test_monitor.py - the kernel's monitor, typed at

WHAT    A machine at the prompt `pagoda> `, through the serial port and through
        the keyboard of the PC. What it prints in Linux's formats is read in
        test_proc_formats.py.
"""
import re
import time

import pexpect
import pytest

import machine
from monitor import PROMPT, Session, all_hold
from procfs import iomem, meminfo
from qmp import Qmp

ARCHIVE = machine.ARCHIVE

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
TAB, BACKSPACE = "\t", "\x7f"


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
    assert all_hold(session.run("check"))
    assert "would kill them" in session.run("test list")


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


def fault_kinds(session):
    """What `fault` offers, but for the stack that is not the monitor's own."""
    kinds = re.findall(r"^  ([\w-]+) ", session.run("fault"), re.MULTILINE)
    assert len(kinds) > 15
    return [kind for kind in kinds if kind != "thread-guard"]


def test_a_panic_of_another_thread_is_not_the_commands(own):
    session = own()
    text = session.run("fault thread-guard")
    assert "stack of thread overflower" in text
    assert "this is what is left of it" in text
    # It has a stack of its own; a double fault that comes now has one, too.
    for kind in fault_kinds(session) * 2:
        text = session.run(f"fault {kind}")
        assert "PANIC: " in text and "given up" in text, kind
        assert "while reporting" not in text, kind
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


class Pc(Qmp):
    """The PC's keyboard and screen: presses keys and reads memory."""

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
    qmp = Pc(path)
    qmp.press("p", "a", "g", "x", "backspace", "e", "spc", "0", "shift-x",
              "left", "delete", "x", "1", "0", "0", "ret")
    assert "frame 0x100" in session.until()
    screen = "\n".join(qmp.screen())
    assert "pagoda> page 0x100\nframe 0x100, 0x0000000000100000" in screen
    qmp.press("up", "ret")
    assert "frame 0x100" in session.until()
    qmp.press("m", "a", "tab", "ctrl-c", "k", "m", "tab", "ret")
    assert "512 slots" in session.until("slots in use")


# ---- looking and doing ---------------------------------------------------


def test_every_command_has_help(monitor):
    names = re.findall(r"^  (\w+) ", monitor.run("help"), re.MULTILINE)
    assert len(names) > 30
    for name in names:
        assert monitor.run(f"help {name}").startswith(name)


def test_every_command_is_in_the_book(monitor):
    book = (machine.ROOT / "docs" / "monitor.md").read_text()
    for name in re.findall(r"^  (\w+) ", monitor.run("help"), re.MULTILINE):
        assert re.search(rf"`{name}\b", book), f"docs/monitor.md: no {name}"


def test_calls_are_those_of_the_book(monitor):
    """The dispatcher's table, against the page that a checker compares with
    kernel/uapi/pagoda.h."""
    book = (machine.ROOT / "docs" / "messages.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:6]]
            for line in book.splitlines() if re.match(r"\| \d{4} \|", line)]
    printed = [" ".join(line.split())
               for line in monitor.run("calls").splitlines()[1:]]
    assert len(rows) > 60
    assert printed == [" ".join(row) for row in rows]


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


def test_no_address_space_is_not_no_memory(own):
    """The end of addresses, with most of the memory still free."""
    session = own(mem="2G")
    session.run("alloc vmalloc 100M")
    for size in ("100M", "8M", "8M", "4M", "2M", "1M", "512K", "256K", "128K",
                 "64K", "32K", "16K", "8K", "4K", "4K"):
        text = session.run(f"alloc vmalloc {size}")
    assert "no address space is left: vmalloc=SIZE gives more" in text
    text = session.run("alloc ioremap 0xfed00000")
    assert "no address space is left: vmalloc=SIZE gives more" in text
    # Said in the log too; how often: test_log.py, of the one limiter.
    assert "whatever memory there is: vmalloc=SIZE" in session.run("log")
    assert meminfo(session.run("meminfo"))["MemFree"] > 1800 * 1024
    session.run("free all")
    assert "1: vmalloc" in session.run("alloc vmalloc 100M")
    # And the other way round.
    assert "no memory is left" in own(mem="64M").run("alloc vmalloc 100M")


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


@pytest.mark.parametrize("board", ["pc", "q35"])
def test_the_power_goes_off_by_the_firmwares_way(kernel, board):
    """The ports that machine_exit.c knows by heart come after it, and are not needed."""
    done = machine.run(machine.Shape("64M", "max", board), "loglevel=8",
                       exit_device=False)
    assert done.status == 0
    assert "ACPI: power off, port 0x604, sleep type 0\n" in done.text
    assert "still on" not in done.text


@pytest.mark.parametrize("board", ["pc,acpi=off", "isapc"])
def test_acpi_says_where_there_is_none(own, board):
    session = own(cpu="pentium3", mem="64M", board=board)
    assert session.run("acpi").strip() == "this machine has no ACPI"


DMA_ROW = re.compile(r"  (\w+) +0x(\w{8})  0x(\w{10})  0x(\w{9}) (\w+) +"
                     r"0x(\w{9})$", re.MULTILINE)


@pytest.mark.parametrize("board, extra", [
    ("pc", []), ("q35", ["-device", "intel-iommu"])])
def test_dma_shows_the_three_addresses_of_a_page(own, board, extra):
    """With and without an IOMMU, on machines with and without one."""
    session = own(board=board, extra=extra)
    rows = {row[0]: row[1:]
            for row in DMA_ROW.findall(session.run("dma"))}
    assert list(rows) == ["isa", "lowmem", "highmem"]
    for name, (virtual, physical, bus, way, behind) in rows.items():
        virtual, physical, bus, behind = (
            int(text, 16) for text in (virtual, physical, bus, behind))
        assert (virtual - physical == 3 << 30) == (name != "highmem")
        assert way == ("direct" if physical < 1 << 28 else "bounced")
        assert (bus == physical) == (way == "direct")
        assert bus < 1 << 28 and behind < 1 << 28
    assert int(rows["isa"][1], 16) < 16 << 20
    assert int(rows["highmem"][1], 16) >= 896 << 20
    assert "hold" in session.run("check")


def test_pci_says_where_there_is_none(own):
    session = own(cpu="pentium3", mem="64M", board="isapc")
    assert session.run("pci").strip() == "this machine has no PCI"


def test_every_fault_is_explained_and_survived(monitor):
    for kind in fault_kinds(monitor):
        text = monitor.run(f"fault {kind}")
        assert "PANIC: " in text and "given up" in text, kind
        assert "backtrace, innermost first" in text
    # An entry with a bit too many is still there, until the next one.
    monitor.run("fault hole")
    assert all_hold(monitor.run("check"))


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
    assert all_hold(session.run("check"))
    assert session.end("poweroff") == 0
