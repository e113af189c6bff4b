# SPDX-License-Identifier: MIT
"""test_gdb.py - `make debug`: GDB, the kernel's commands in it, its backtraces

WHAT    Drives GDB in batch mode with a script in GDB's Python, against a
        machine that tools/gdb/machine starts. What a pg command shows is held
        against the kernel's own dump of the same thing at the same moment:
        GDB calls the kernel's function and its console is read.

TERMS   section  what GDB printed for one command; sections have names
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

import machine
from machine import ROOT, limit

TOOLS = ROOT / "tools" / "gdb"
PAGE = 4096

# Run inside GDB, before each script.
PRELUDE = '''
import os, re, gdb
CONSOLE = os.environ["CONSOLE"].partition(":")[2]

def section(name, text=""):
    print("@@ " + name)
    if text:
        print(text)

def tell(command, name=None):
    """A command of GDB, and what it prints, errors too."""
    section(name or command)
    try:
        gdb.execute(command)
    except gdb.error as error:
        print("error: " + str(error))

def run_to(place):
    gdb.execute("tbreak " + place)
    gdb.execute("continue")

def kernel(call, name):
    """Let the kernel print something."""
    start = os.path.getsize(CONSOLE)
    gdb.execute(call, to_string=True)
    with open(CONSOLE, "rb") as file:
        file.seek(start)
        section(name, file.read().decode().replace("\\r", ""))

def all_commands(when, task="1"):
    """Each pg command; the sections begin with `when`."""
    for command in ("walk 0xc0100000", "walk $esp", "walk $eip",
                    "map all", "zones", "buddy", "buddy normal", "slabs",
                    "slabs kmalloc-64", "vmalloc", "kmap", "fixmap", "tasks",
                    "maps " + task, "map " + task, "walk 0x08048000 " + task,
                    "page 0x100", "page 0x101", "log", "log 2", "help"):
        tell("pg " + command, when + " " + command)
'''

COMMANDS = ("walk", "map", "zones", "buddy", "slabs", "vmalloc", "kmap",
            "fixmap", "tasks", "maps", "page", "log", "help")


@dataclass
class Session:
    sections: dict
    text: str       # all that GDB said
    console: str    # what the kernel said
    packets: list   # that GDB sent

    def lines(self, name):
        return [line.rstrip() for line in self.sections[name].splitlines()]


def parse_sections(text):
    found, name = {"": ""}, ""
    for line in text.splitlines(keepends=True):
        if line.startswith("@@ "):
            name = line[3:].strip()
            assert name not in found, f"two sections {name}"
            found[name] = ""
        else:
            found[name] += line
    return found


def settings(folder, archive=False, before="", **changes):
    """The environment of tools/gdb/machine. before: a command that QEMU's
    start waits for."""
    console = folder / "console"
    console.touch()
    qemu = folder / "qemu"
    qemu.write_text(f"#!/bin/sh\n{before}\nexec {machine.QEMU} \"$@\"\n")
    qemu.chmod(0o755)
    return dict(os.environ, PAGODA_GDB=str(TOOLS), QEMU=str(qemu),
                KERNEL=str(machine.KERNEL), CONSOLE=f"file:{console}",
                ARCHIVE=str(machine.ARCHIVE) if archive else "",
                **{"MEM": "256M", "CPU": "max", "APPEND": "",
                   "QEMU_OPTIONS": "", **changes})


def debug(folder, script, **changes):
    """GDB runs the script on a machine that stands before its start."""
    path, log = folder / "script.py", folder / "packets"
    path.write_text(PRELUDE + script + '\ntell("kill")\n')
    words = ["gdb", "-nx", "-batch", "-iex", f"set remotelogfile {log}",
             "-x", TOOLS / "pagoda.gdb", "-ex", "boot", "-x", path,
             machine.KERNEL]
    done = subprocess.run(words, cwd=folder, check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=limit("debug"),
                          env=settings(folder, **changes))
    assert done.returncode == 0, done.stdout
    for words in ("Traceback", "Python Exception", "Error occurred in Python",
                  "Error while executing Python"):
        assert words not in done.stdout, done.stdout
    packets = re.findall(r"^w \$?(.)", log.read_text(errors="replace"),
                         re.MULTILINE)
    console = (folder / "console").read_text(errors="replace")
    return Session(parse_sections(done.stdout), done.stdout,
                   console.replace("\r", ""), packets)


def functions(backtrace):
    """Names in a backtrace, innermost first."""
    return re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(<.*?>|[\w.?]+)",
                      backtrace, re.MULTILINE)


def is_within(names, longer):
    """Do the names stand in the longer list, in their order?"""
    rest = iter(longer)
    return all(name in rest for name in names)


# ---- one boot, stopped in each of its worlds --------------------------------

BOOT = '''
all_commands("reset")
run_to("boot_main")
tell("bt", "boot bt")
tell("print $cr0", "boot cr0")
all_commands("boot")
run_to("kernel_main")
tell("print $cr0", "main cr0")
all_commands("main")
gdb.execute("watch high_memory")
gdb.execute("continue")
tell("bt", "watch bt")
gdb.execute("delete")
run_to("zones_init")
all_commands("zones_init")
run_to("machine_halt")
all_commands("halt", "99")
tell("pg walk high_memory=0")
tell("pg walk laws_check_memory()")
tell("pg page mem_map")
tell("pg page -1")
tell("pg walk")
tell("pg walk 0x100000000")
tell("pg buddy nowhere")
tell("pg slabs nothing")
tell("pg nonsense")
tell("help pg walk")
tell("maintenance packet Qqemu.PhyMemMode:1", "physical mode")
tell("pg zones", "zones in physical mode")
tell("maintenance packet qqemu.PhyMemMode", "physical mode after")
gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
'''

PRINTERS = '''
for expression in ("zones[1].start", "zones[1]", "mem_map[0]",
                   "kernel_pd[0]", "kernel_pdpt[3]", "kernel_pdpt[0]",
                   "cache_list", "vm_areas.tree", "vm_areas.tree.root",
                   "*(phys_addr_t *)&kernel_pdpt[3]",
                   "*(bus_addr_t *)&max_pfn", "*(uaddr_t *)&max_pfn",
                   "*(pte_t *)&kernel_pd[2]"):
    tell("print " + expression)
tell("print /r zones[1].start", "raw")
'''

SPLIT = {"MEM": "1G", "QEMU_OPTIONS": "-M pc,max-ram-below-4g=128M",
         "APPEND": "witness"}


@pytest.fixture(scope="module")
def boot(kernel, tmp_path_factory):
    return debug(tmp_path_factory.mktemp("boot"), BOOT + PRINTERS, **SPLIT)


def test_breakpoint_before_paging(boot):
    assert functions(boot.sections["boot bt"])[0] == "boot_main"
    assert "PG" not in boot.sections["boot cr0"]


def test_breakpoint_after_paging(boot):
    assert "kernel_main (boot_info_phys=" in boot.text
    assert "PG" in boot.sections["main cr0"]


def test_hardware_watchpoint(boot):
    assert "Hardware watchpoint" in boot.text
    assert re.search(r"Old value = .*\nNew value = ", boot.text)
    names = functions(boot.sections["watch bt"])
    assert is_within(["lowmem_init", "memory_init", "kernel_main"], names)


@pytest.mark.parametrize("when", ["reset", "boot"])
def test_before_paging_every_command_says_so(boot, when):
    for name, text in boot.sections.items():
        if name.startswith(when + " ") and name.split()[1] in COMMANDS:
            if name.split()[1] == "help":
                assert "pg walk ADDR" in text
            else:
                assert text.startswith("error: paging is off"), name


@pytest.mark.parametrize("when", ["main", "zones_init"])
def test_what_is_not_there_yet_is_said(boot, when):
    for command in ("zones", "buddy", "slabs", "vmalloc", "kmap",
                    "page 0x100"):
        assert "there is no mem_map yet" in \
            boot.sections[f"{when} {command}"]
    for command in ("tasks", "maps 1", "map 1", "walk 0x08048000 1"):
        assert "there are no threads yet" in \
            boot.sections[f"{when} {command}"]
    assert "PDPTE[  3]" in boot.sections[f"{when} walk 0xc0100000"]


def test_boot_tables_are_large_pages_twice(boot):
    ranges = parse_map(boot.sections["main map all"])
    assert [(start, phys, size) for start, _, phys, _, size in ranges] == \
        [(0, 0, 2048), (0xC0000000, 0, 2048)]


def test_wrong_arguments_are_refused_in_words(boot):
    for name, words in (
            ("pg walk high_memory=0", "only reads"),
            ("pg walk laws_check_memory()", "may-call-functions is off"),
            ("pg page -1", "negative"),
            ("pg walk", "wanted: ADDR"),
            ("pg walk 0x100000000", "no address of 32 bits"),
            ("pg buddy nowhere", "no zone nowhere"),
            ("pg slabs nothing", "no cache is called nothing"),
            ("halt maps 99", "no task has the number 99"),
            ("pg page mem_map", "no entry in mem_map"),
            ("pg nonsense", "no command `pg nonsense`")):
        text = boot.sections[name]
        assert text.startswith("error: ") and words in text, (name, text)
        assert len(text.splitlines()) == 1, text


def test_help_names_every_command(boot):
    for command in COMMANDS:
        assert f"pg {command} " in boot.sections["halt help"]
    assert "pg walk ADDR [TASK]" in boot.sections["help pg walk"]


def test_physical_mode_of_whoever_debugs_is_kept(boot):
    assert boot.sections["zones in physical mode"] == \
        boot.sections["halt zones"]
    assert 'received: "1"' in boot.sections["physical mode after"]


def test_commands_only_read(boot):
    """No packet of this session wrote memory or registers."""
    assert boot.packets.count("m") > 100
    assert not set(boot.packets) & set("MXGP"), set(boot.packets)


def test_printers(boot):
    def shown(expression):
        return boot.sections["print " + expression]

    assert "= pfn 0x1000\n" in shown("zones[1].start")
    assert "start = pfn 0x1000," in shown("zones[1]")
    assert "pfn 0x0: PAGE_RESERVED" in shown("mem_map[0]")
    assert re.search(r"= 0x[0-9a-f]{16} P RW A --> 0x[0-9a-f]{9}$",
                     shown("kernel_pd[0]").strip())
    assert re.search(r"= 0x[0-9a-f]{16} P( A)? --> 0x",
                     shown("kernel_pdpt[3]"))
    assert "= 0x0000000000000000 -" in shown("kernel_pdpt[0]")
    assert re.search(r" P RW .*PS G XD --> 0x000[0-9a-f]{6}$",
                     shown("*(pte_t *)&kernel_pd[2]").strip())
    assert re.search(r"= 0x[0-9a-f]{16}$",
                     shown("*(phys_addr_t *)&kernel_pdpt[3]").strip())
    assert "= bus 0x" in shown("*(bus_addr_t *)&max_pfn")
    assert "= user 0x" in shown("*(uaddr_t *)&max_pfn")
    assert re.search(r"(\d+) others in the ring = \{", shown("cache_list"))
    areas = len(boot.lines("halt vmalloc"))
    assert f"= {areas} ranges within 0x" in shown("vm_areas.tree")
    assert f"= tree of {areas} nodes, depth" in shown("vm_areas.tree.root")
    assert "v = 4096" in boot.sections["raw"].replace("v = 0x1000",
                                                      "v = 4096")


# ---- against the kernel's own dumps -----------------------------------------

DUMPS = '''
run_to("machine_halt")
for command in ("zones", "buddy", "slabs", "vmalloc", "kmap", "map", "fixmap",
                "log"):
    tell("pg " + command)
tell("pg log 1")
with open(CONSOLE) as file:
    marks = re.findall(r"^witness\\t(\\w+)\\t(\\w+)", file.read(), re.M)
for what, where in marks:
    tell("pg walk 0x" + where, "walk " + what)
    tell("monitor gva2gpa 0x" + where, "gva2gpa " + what)
from pg import guest, kernel as k, pages
slot = k.variable("slot_page", "mm/kva/kmap.c")[0]
pfn = pages.page_to_pfn(int(slot))
section("physical", guest.read_physical(pfn << 12, 64).hex())
section("virtual", guest.read_virtual(0xffc00000, 64).hex())
tell(f"pg page {pfn}", "page")
for name in ("zoneinfo", "buddyinfo", "slabinfo", "vmallocinfo", "kmap"):
    kernel(f"call (void){name}_dump()", name)
'''


@pytest.fixture(scope="module")
def dumps(kernel, tmp_path_factory):
    return debug(tmp_path_factory.mktemp("dumps"), DUMPS, **SPLIT)


@pytest.mark.parametrize("command, dump", [
    ("zones", "zoneinfo"), ("buddy", "buddyinfo"), ("slabs", "slabinfo"),
    ("vmalloc", "vmallocinfo"), ("kmap", "kmap")])
def test_is_what_the_kernel_prints(dumps, command, dump):
    assert dumps.lines("pg " + command) == \
        [line for line in dumps.lines(dump) if line]


def parse_map(text):
    """(start, end, physical, letters, KiB of a page) of each range"""
    rows = re.findall(
        r"^ +0x(\w{8}) - 0x(\w{8}) .*  ([-urwxgc]{6})  (\d+) KiB pages  "
        r"at 0x(\w+)$", text, re.MULTILINE)
    return [(int(start, 16), int(end, 16), int(phys, 16), letters, int(kib))
            for start, end, letters, kib, phys in rows]


def test_map_is_the_kernels_dump_of_its_tables(dumps):
    theirs = re.findall(r"^ptdump\t(\w+)\t(\w+)\t(\w+)\t(\S+)\t(\d+)$",
                        dumps.console, re.MULTILINE)
    assert parse_map(dumps.sections["pg map"]) == [
        (int(start, 16), int(end, 16), int(phys, 16), letters, int(kib))
        for start, end, phys, letters, kib in theirs]
    assert "vmalloc, ioremap, 0x" in dumps.sections["pg map"]


def test_walk_ends_where_the_emulator_ends(dumps):
    for what in ("vmalloc", "kmap", "fixmap"):
        physical = re.search(r"is physical 0x(\w+): kernel only; (.*); glob",
                             dumps.sections["walk " + what])
        theirs = re.search(r"gpa: 0x(\w+)", dumps.sections["gva2gpa " + what])
        assert int(physical.group(1), 16) == int(theirs.group(1), 16)
        assert physical.group(2) == \
            ("read" if what == "fixmap" else "read, write")


def test_memory_above_4_gib_is_read(dumps):
    assert "0x00000001" in dumps.sections["page"]
    assert "HighMem" in dumps.sections["page"]
    assert "kmap slot  0, 0xffc00000" in dumps.sections["page"]
    assert dumps.sections["physical"] == dumps.sections["virtual"]


def test_fixmap_shows_the_slot_in_use(dumps):
    used = [line.split() for line in dumps.lines("pg fixmap")
            if re.search(r" 0x\w{9} ", line)]
    assert [line[2] for line in used] == ["FIX_LAPIC", "FIX_IOAPIC",
                                          "FIX_TEST"]
    assert [line[4] for line in used[:2]] == ["-rw-g-"] * 2   # not cached
    assert used[2][4] == "-r--gc"
    walked = re.search(r"is physical 0x(\w+)",
                       dumps.sections["walk fixmap"]).group(1)
    assert used[2][3] == "0x" + walked


def test_log_is_what_the_console_shows(dumps):
    # But for level 7: kept, and not shown without loglevel=8.
    log = [re.sub(r"^<\d>", "", line)[1:] for line in dumps.lines("pg log")
           if not line.startswith("<7>")]
    shown = dumps.console.splitlines()
    assert len(log) > 30
    assert is_within([line.rstrip() for line in log],
                     [line.rstrip() for line in shown])
    assert dumps.lines("pg log 1") == dumps.lines("pg log")[-1:]


# ---- after a panic ----------------------------------------------------------

PANIC = '''
run_to("machine_exit")
tell("bt 40", "bt")
tell("pg walk $cr2", "walk")
tell("pg log 1")
all_commands("panic", "99")
gdb.execute("continue")
all_commands("off", "99")
'''


def panic(folder, kind):
    return debug(folder, PANIC, APPEND=f"crash={kind}", MEM="128M")


def kernels_walk(console):
    found = re.findall(r"^  +(?:PDPTE|PDE|PTE)\[.*$", console, re.MULTILINE)
    return [line.split("  <--")[0].rstrip() for line in found]


def our_walk(session):
    lines = [line for line in session.lines("walk") if "E[" in line]
    return [re.split(r"  (?:<--|-->)", line)[0].rstrip() for line in lines]


def test_backtrace_through_an_exception(kernel, tmp_path):
    done = panic(tmp_path, "write-ro")
    names = functions(done.sections["bt"])
    assert is_within(["machine_exit", "panic", "trap_dispatch",
                      "<signal handler called>", "crash_write_ro",
                      "kernel_main"], names), names
    after = names[names.index("<signal handler called>") + 1:]
    assert after[0] == "crash_write_ro"
    assert our_walk(done) == kernels_walk(done.console)
    assert len(our_walk(done)) == 3
    assert "kernel only; read, execute; global" in done.sections["walk"]
    # The machine has switched itself off, and is still there to be read.
    assert "SIGQUIT" in done.text
    for command in ("zones", "slabs", "tasks", "map all"):
        assert done.sections["off " + command] == \
            done.sections["panic " + command]
        assert not done.sections["off " + command].startswith("error")
    # In between it has said how it switches itself off.
    assert done.sections["off log"].startswith(done.sections["panic log"])
    assert "PANIC" in done.sections["panic log"]


def test_backtrace_through_a_double_fault(kernel, tmp_path):
    done = panic(tmp_path, "guard")
    names = functions(done.sections["bt"])
    assert is_within(["double_fault_handle", "<signal handler called>",
                      "recurse", "recurse"], names), names
    assert our_walk(done) == kernels_walk(done.console)
    assert "0x00000000" not in done.sections["walk"].splitlines()[0]
    assert "is not mapped" in done.sections["walk"]


def test_function_that_faults_at_once_is_named(kernel, tmp_path):
    """Its address is no return address: the byte before is another's."""
    done = debug(tmp_path, '''
run_to("crash_ud")
run_to("machine_exit")
tell("bt")
''', APPEND="crash=ud", MEM="128M")
    names = functions(done.sections["bt"])
    assert names[names.index("<signal handler called>") + 1] == "crash_ud"


# ---- user mode --------------------------------------------------------------

# Stops: in ring 3, in a call, in an interrupt, in a switch; then in ps, whose
# table the console shows later, and in maps.
USER = '''
run_to("*0x%x")
tell("print $cs & 3", "ring")
all_commands("ring3")
run_to("syscall_dispatch")
tell("bt", "syscall bt")
all_commands("call")
run_to("irq_dispatch")
tell("bt", "irq bt")
all_commands("irq")
run_to("arch_thread_switch")
all_commands("switch")
run_to("task_get_stats")
tell("pg tasks", "tasks")
run_to("mm_next_vma")
task = gdb.parse_and_eval("running_thread[0]->task")
pid = int(task["pid"])
tell(f"pg maps {pid}", "maps")
tell("pg maps running_thread[0]->task", "maps of pointer")
tell(f"pg map {pid}", "user map")
tell("monitor info mem", "info mem")
for start in re.findall(r"^ +0x(\\w+) - ",
                        gdb.execute(f"pg map {pid}", to_string=True), re.M):
    tell(f"monitor gva2gpa 0x{start}", f"gva2gpa {int(start, 16)}")
tell("pg walk 0x08049000", "code of us")
tell("pg walk 0x08049000 1", "code of 1")
tell("monitor gva2gpa 0x08049000", "gva2gpa")
eax = int(gdb.parse_and_eval("$eax"))
gdb.execute(f"set $eax = {int(task['mm'])}")
kernel("call ((void (*)(void))mm_maps_dump)()", "kernel maps")
section("and on")
gdb.execute(f"set $eax = {eax}")
run_to("mm_fork")
all_commands("fork")
'''

STOPS = ("ring3", "call", "irq", "switch", "fork")


@pytest.fixture(scope="module")
def user(kernel, tmp_path_factory):
    image = (machine.BUILD / "user" / "init").read_bytes()
    entry = int.from_bytes(image[24:28], "little")
    return debug(tmp_path_factory.mktemp("user"), USER % entry, archive=True,
                 APPEND="init=demo", MEM="1G")


def test_commands_work_wherever_the_kernel_stops(user):
    assert "= 3" in user.sections["ring"]
    for when in STOPS:
        texts = {name: text for name, text in user.sections.items()
                 if name.startswith(when + " ") and not name.endswith(" bt")}
        assert len(texts) > 20
        for name, text in texts.items():
            assert text and not text.startswith("error"), (name, text)


def test_backtrace_through_a_system_call(user):
    names = functions(user.sections["syscall bt"])
    assert names[:2] == ["syscall_dispatch", "<signal handler called>"]
    assert re.search(r"^#2 +0x08[0-9a-f]{6} in", user.sections["syscall bt"],
                     re.MULTILINE)


def test_backtrace_through_an_interrupt(user):
    names = functions(user.sections["irq bt"])
    assert is_within(["irq_dispatch", "trap_dispatch",
                      "<signal handler called>"], names)


def test_tasks_are_those_of_ps(user):
    form = r"^ +(\d+) +(\d+) [RSZ]" + 5 * r" +(\d+)" + r" +\d+ (\w+)$"
    ours = re.findall(form, user.sections["tasks"], re.MULTILINE)
    # The demo says it twice; GDB looked when it did so first.
    first_ps = user.console.split("  PID  PPID")[1]
    theirs = re.findall(form, first_ps, re.MULTILINE)
    assert len(ours) >= 6
    # The shell and the console work while ps prints: their pages change.
    steady = [row for row in ours if row[-1] not in ("sh", "console")]
    assert [row for row in theirs if row[-1] not in ("sh", "console")] == \
        steady
    assert [row[:3] for row in ours] == [row[:3] for row in theirs]
    assert user.sections["tasks"].count("(on the CPU)") == 1
    assert re.search(r"blocked +names +\w+\+0x", user.sections["tasks"])


def test_maps_are_the_kernels(user):
    assert user.lines("maps") == \
        [line for line in user.lines("kernel maps") if line]
    assert user.lines("maps") == user.lines("maps of pointer")
    assert any("[stack]" in line for line in user.lines("maps"))


def test_map_of_a_task_is_what_the_emulator_sees(user):
    theirs = re.findall(r"^0*(\w+)-0*(\w+) \w+ (...)$",
                        user.sections["info mem"], re.MULTILINE)
    theirs = [(int(start, 16), int(end, 16), rights)
              for start, end, rights in theirs if int(start, 16) < 0xC0000000]
    ours = parse_map(user.sections["user map"])
    assert [list(r) for r in theirs] == merged(ours)
    for start, _, physical, _, _ in ours:
        seen = user.sections[f"gva2gpa {start}"]
        assert int(re.search(r"gpa: 0x(\w+)", seen).group(1), 16) == physical


def merged(ranges):
    """Ranges that touch and have the same rights, joined."""
    found = []
    for start, end, _, letters, _ in ranges:
        rights = letters[:3]
        if found and found[-1][1] == start and found[-1][2] == rights:
            found[-1][1] = end
        else:
            found.append([start, end, rights])
    return found


def test_walk_of_a_task_that_does_not_run(user):
    ours, other = user.sections["code of us"], user.sections["code of 1"]
    theirs = re.search(r"gpa: 0x(\w+)", user.sections["gva2gpa"]).group(1)
    physical = re.search(r"is physical 0x(\w+): user", ours).group(1)
    assert int(physical, 16) == int(theirs, 16)
    assert "by the PDPT of task 1 (init)" in other
    assert physical not in other


# ---- make debug -------------------------------------------------------------

def test_make_debug(kernel, tmp_path):
    """As one types it; without a terminal the console is a file."""
    build = machine.BUILD_WORD
    console = tmp_path / "console"
    done = subprocess.run(
        ["make", "debug", f"BUILD={build}", "MEM=64M", "APPEND=crash=panic"],
        cwd=ROOT, check=False, text=True, timeout=limit("build"),
        input="continue\npg log 1\npg zones\nboot\npg zones\nquit\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, CONSOLE=f"file:{console}"))
    assert done.returncode == 0, done.stdout
    assert "Stopped before the first instruction" in done.stdout
    assert "SIGQUIT" in done.stdout
    assert "Node 0, zone      DMA" in done.stdout
    assert done.stdout.count("paging is off") == 1
    assert "Traceback" not in done.stdout


def test_ctrl_c_stops_the_kernel(kernel, tmp_path):
    """On a terminal, on which the kernel's console appears too."""
    done = pexpect.spawn(str(TOOLS / "debug"), [str(machine.KERNEL)],
                         timeout=limit("debug"), encoding="utf-8", cwd=ROOT,
                         env=dict(os.environ, MEM="64M", TERM="dumb",
                                  APPEND="crash=hang"))
    done.expect(r"\(gdb\) ")
    done.sendline("continue")
    done.expect("Freeing unused boot memory")
    done.expect("# pagoda: boot: ")
    time.sleep(0.5)
    done.sendintr()
    done.expect(r"machine_halt .*\(gdb\) ")
    done.sendline("pg tasks")
    done.expect(r"running +boot +\(on the CPU\)")
    done.sendline("quit")
    done.expect(pexpect.EOF)
    done.close()
    assert done.exitstatus == 0


def test_a_machine_that_starts_late_is_waited_for(kernel, tmp_path):
    """Longer than GDB is used to: other work may keep the host busy."""
    done = debug(tmp_path, 'run_to("kernel_main")\ntell("bt")\n',
                 before="sleep 10", MEM="64M")
    assert functions(done.sections["bt"])[0] == "kernel_main"


@pytest.mark.parametrize("end", ["kill", "quit", "disconnect",
                                 "shell kill -9 $PPID"])
def test_the_machine_ends_with_gdb(kernel, tmp_path, end):
    """However GDB leaves it, and at once: GDB 16 waits for QEMU's end. The
    last is a GDB that has no time to say goodbye."""
    pid = tmp_path / "pid"
    started = time.monotonic()
    subprocess.run(["gdb", "-nx", "-batch", "-x", TOOLS / "pagoda.gdb",
                    "-ex", "boot", "-ex", end, machine.KERNEL], cwd=tmp_path,
                   check=False, stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=limit("debug"),
                   env=settings(tmp_path, before=f"echo $$ > {pid}"))
    qemu = Path("/proc", pid.read_text().strip())
    while qemu.exists():
        assert time.monotonic() < started + limit("boot"), f"{end}: it stays"
        time.sleep(0.05)


def test_gdb_that_is_found_has_python():
    done = subprocess.run([TOOLS / "debug", "--which"], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    refused = subprocess.run([TOOLS / "debug", "--which"], check=False,
                             capture_output=True, text=True,
                             env=dict(os.environ, GDB="cat"))
    assert refused.returncode == 1
    assert "no GDB with Python" in refused.stderr
