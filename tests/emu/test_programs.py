# SPDX-License-Identifier: MIT
"""test_programs.py - programs of the boot archive, from start to end

WHAT    Writes archives and ELF files of a few instructions, boots with them,
        and reads how the kernel says that they ended. What the archive and the
        programs may be is up to whoever boots: so also broken ones.
"""
import re
import struct
import subprocess

import pytest

from machine import Shape, run
from test_differential import compare

CODE = 0x08048000
DATA = 0x0804A000
FILE = 0o100755

R, W, X = 4, 2, 1


# ---- files ------------------------------------------------------------------

def elf(code, entry=CODE):
    """A static program: its code, and a page of zeros behind it."""
    header = b"\x7fELF\1\1\1" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, entry, 52, 0, 0, 52, 32, 2, 0, 0, 0)
    code = code.ljust(0x100, b"\x90")
    text = struct.pack("<8I", 1, 0x1000, CODE, 0, len(code), len(code),
                       R | X, 0x1000)
    data = struct.pack("<8I", 1, 0, DATA, 0, 0, 0x1000, R | W, 0x1000)
    return (header + text + data).ljust(0x1000, b"\0") + code


def segments(parts, entry=CODE):
    """parts: type, address, bytes, zeros behind, rights; in that order."""
    header = b"\x7fELF\1\1\1" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, entry, 52, 0, 0, 52, 32, len(parts), 0, 0,
        0)
    table, body, at = b"", b"", 0x2000
    for kind, address, data, zeros, rights in parts:
        offset = at + address % 0x1000 if data else 0x123
        table += struct.pack("<8I", kind, offset, address, 0, len(data),
                             len(data) + zeros, rights, 4)
        piece = bytes(address % 0x1000) + data
        body += piece.ljust(-(-len(piece) // 0x1000) * 0x1000, b"\0")
        at = 0x2000 + len(body)
    return (header + table).ljust(0x2000, b"\0") + body


def pad(data):
    return data + bytes(-len(data) % 4)


def cpio(files):
    out = b""
    for name, data in [*files.items(), ("TRAILER!!!", b"")]:
        fields = [1, FILE, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(name) + 1, 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        out += pad(header + name.encode() + b"\0") + pad(data)
    return out


def call(number, ebx=None, ecx=None, edx=None, esi=None):
    """mov registers; int 0x80"""
    code = b""
    for opcode, value in ((0xB8, number), (0xBB, ebx), (0xB9, ecx),
                          (0xBA, edx), (0xBE, esi)):
        if value is not None:
            code += bytes([opcode]) + struct.pack("<I", value & 0xFFFFFFFF)
    return code + b"\xcd\x80"


def exits(code):
    return call(252, code)


READ_NULL = b"\xa1\0\0\0\0"                      # mov 0, %eax
WRITE_CODE = b"\xc6\x05" + struct.pack("<I", CODE) + b"\0"
SPIN = b"\xeb\xfe"

# mmap2(0, 1 GiB, RW, PRIVATE | ANONYMOUS | NORESERVE), then touch each page
HOG = (call(192, 0, 1 << 30, 3, 0x4022) +
       b"\xc6\x00\x01"               # 1: movb $1, (%eax)
       b"\x05\x00\x10\0\0"           # addl $4096, %eax
       b"\xeb\xf6")                  # jmp 1b


@pytest.fixture
def boot(tmp_path, kernel):
    """boot(append, files or archive bytes, shape) -> the run"""
    def start(append, archive, mem="64M", cpu="max", first_module=None):
        path = tmp_path / "test.cpio"
        path.write_bytes(cpio(archive) if isinstance(archive, dict)
                         else archive)
        modules = [str(path)]
        if first_module is not None:
            other = tmp_path / "other.bin"
            other.write_bytes(first_module)
            modules.insert(0, str(other))
        shape = Shape(mem, cpu, extra=["-initrd", ",".join(modules)])
        return run(shape, append)
    return start


# ---- how programs end -------------------------------------------------------

def test_exit_code_0_is_success(boot):
    done = boot("program=good", {"good": elf(exits(0))})
    assert done.status == 33, done.text
    assert done.text.endswith("# pagoda: program: good exited with 0\n")


def test_another_exit_code_is_a_failed_test(boot):
    done = boot("program=bad", {"bad": elf(exits(300))})
    assert done.status == 35
    assert done.text.endswith("# pagoda: program: bad exited with 44\n")


def test_crash_is_told_with_address_access_area_and_instruction(boot):
    done = boot("program=null", {"null": elf(b"\x90" + READ_NULL)})
    assert done.status == 35
    assert "null[1]: read from 0x00000000: no area at this address; " \
           "no area here, the next is 08048000-08049000 r-xp" in done.text
    assert "null[1]: killed by signal 11: page fault (#PF)" in done.text
    assert "eip 0x08048001" in done.text
    assert "instruction a1 00 00 00 00 90 90 90\n" in done.text
    assert done.text.endswith("# pagoda: program: null killed by signal 11\n")


def test_write_to_code_is_told_as_such(boot):
    done = boot("program=writes", {"writes": elf(WRITE_CODE)})
    assert "write to 0x08048000: the area does not allow this access; " \
           "area 08048000-08049000 r-xp" in done.text
    assert done.status == 35


@pytest.mark.parametrize("code, signal", [
    (b"\x0f\x0b", 4), (b"\xcc", 5), (b"\x31\xc9\xf7\xf1", 8), (b"\xf4", 11),
], ids=["ud2", "int3", "divide", "hlt"])
def test_exceptions_are_linux_signals(boot, code, signal):
    done = boot("program=crash", {"crash": elf(code)})
    assert f"crash killed by signal {signal}\n" in done.text


@pytest.mark.parametrize("cpu, mem", [
    ("qemu32", "16M"), ("pentium3", "64M"), ("athlon", "1G"), ("max", "4G"),
])
def test_programs_run_on_every_machine(boot, cpu, mem):
    files = {"good": elf(call(2) + exits(0))}
    done = boot("program=good", files, mem, cpu)
    assert done.status == 33, done.text


def test_memory_hog_is_killed_and_nothing_else(boot):
    done = boot("program=hog", {"hog": elf(HOG)}, "32M")
    killed = re.findall(r"Out of memory: killed process (.*): (\d+) KiB, of "
                        r"which rss (\d+) KiB, kernel (\d+) KiB;", done.text)
    assert [who for who, *_ in killed] == ["1 (hog)"], done.text
    total, rss, kernel = map(int, killed[0][1:])
    assert 20 << 10 < rss < 32 << 10
    assert abs(total - rss - kernel) < 4        # in whole pages
    assert done.text.endswith("# pagoda: program: hog killed by signal 9\n")
    assert done.status == 35


# The child spins for ever; the parent ends.
LEAVES_A_CHILD = call(2) + b"\x85\xc0\x75\x02" + SPIN + exits(0)


def test_children_that_outlive_the_program_are_ended(boot):
    done = boot("program=parent", {"parent": elf(LEAVES_A_CHILD)})
    assert done.status == 33, done.text


def test_every_page_is_back_when_a_program_has_ended(boot):
    done = boot("program=good", {"good": elf(exits(0))})
    lines = re.findall(r"free pages: \w+ (\d+) before, (\d+) after",
                       done.text)
    assert len(lines) >= 2
    assert all(before == after for before, after in lines), done.text


# ---- images that Linux runs too ----------------------------------------------

# incl COUNTER; movl COUNTER, %ebx; movl $252, %eax; int $0x80
def counts(counter):
    at = struct.pack("<I", counter)
    return (b"\xff\x05" + at + b"\x8b\x1d" + at + b"\xb8\xfc\0\0\0" +
            b"\xcd\x80")


COUNTER = struct.pack("<I", 41)

IMAGES = {
    "omagic": [(1, CODE + 0x54, COUNTER + counts(CODE + 0x54), 0, R | W | X)],
    "descending": [(1, DATA, COUNTER, 0, R | W),
                   (1, CODE, b"\x90" * 0x58 + counts(DATA), 0, R | X)],
    "bss-at-any-offset": [(1, CODE, b"\x90" * 0x58 + b"\xb3\x29\x88\x1d" +
                           struct.pack("<I", DATA + 0x1fff) +
                           counts(DATA + 0x1fff), 0, R | X),
                          (1, DATA + 0x10, b"", 0x3000, R | W)],
    "many-segments": [(1, DATA + 0x1000 * i, COUNTER if not i else b"x", 9,
                       R | W) for i in range(100)] +
                     [(1, CODE, b"\x90" * 0x58 + counts(DATA), 0, R | X)],
    "dynamic-section": [(1, DATA, COUNTER, 0, R | W), (2, DATA, b"", 8, R),
                        (1, CODE, b"\x90" * 0x58 + counts(DATA), 0, R | X)],
}


@pytest.mark.parametrize("name", IMAGES)
def test_image_runs_as_under_linux(boot, tmp_path, name):
    image = segments(IMAGES[name], entry=CODE + 0x58)
    done = boot("program=odd", {"odd": image})
    assert "# pagoda: program: odd exited with 42\n" in done.text, done.text
    path = tmp_path / "odd"
    path.write_bytes(image)
    path.chmod(0o755)
    if compare.native_works():
        assert subprocess.run([path], check=False).returncode == 42


# movl 24(%ebp), ... : EAX = auxv's AT_ENTRY; jmp *%eax
TO_ENTRY = (b"\x89\xe6"                # movl %esp, %esi
            b"\xad\x85\xc0\x75\xfb"    # 1: lodsl; testl %eax, %eax; jnz 1b
            b"\xad\x85\xc0\x75\xfb"    # the environment, too
            b"\xad\x83\xf8\x09\x74\x03\xad\xeb\xf7"   # until AT_ENTRY
            b"\xad\xff\xe0")            # lodsl; jmp *%eax


@pytest.mark.parametrize("name", [b"ld\0", b"/ld\0", b"//ld\0"])
def test_interpreter_at_a_fixed_address_begins(boot, name):
    ld = segments([(1, 0x06000000, TO_ENTRY, 0, R | X)], entry=0x06000000)
    program = segments([(3, 0, name, 0, R),
                        (1, DATA, COUNTER, 0, R | W),
                        (1, CODE, counts(DATA), 0, R | X)])
    done = boot("program=odd", {"odd": program, "ld": ld})
    assert "# pagoda: program: odd exited with 42\n" in done.text, done.text


def test_interpreter_that_cannot_run_is_told(boot):
    program = segments([(3, 0, b"ld\0", 0, R), (1, CODE, exits(0), 0, R | X)])
    done = boot("program=odd", {"odd": program, "ld": b"#!/bin/sh\n" * 10})
    assert "odd: cannot run: its interpreter: not an ELF file\n" in done.text
    assert "# pagoda: program: odd cannot start: error 8\n" in done.text


# ---- what cannot be started -------------------------------------------------

@pytest.mark.parametrize("data, reason", [
    (b"#!/bin/sh\n", "too short for an ELF file"),
    (b"#!/bin/sh\n" * 10, "not an ELF file"),
    (elf(exits(0), entry=DATA),
     "the entry is not in an executable segment"),
    (segments([(1, CODE, exits(0), 0, R | X), (1, CODE, b"", 1, R)]),
     "segments overlap"),
    (segments([(1, CODE, exits(0), 0, R | X), (3, 0, b"none\0", 0, R)]),
     "its interpreter is not in the archive"),
    (segments([(1, CODE, exits(0), 0, R | X), (3, 0, b"odd\0", 0, R)]),
     "the interpreter lies where the program does"),
], ids=["short", "script", "entry", "overlap", "no-interp", "self-interp"])
def test_image_is_refused_with_a_reason(boot, data, reason):
    done = boot("program=odd", {"odd": data})
    assert f"odd: cannot run: {reason}\n" in done.text
    assert "# pagoda: program: odd cannot start: error 8\n" in done.text
    assert done.status == 35


def test_missing_program_is_told(boot):
    done = boot("program=other", {"good": elf(exits(0))})
    assert "# pagoda: program: other cannot start: error 2\n" in done.text
    assert done.status == 35


def test_words_that_cannot_be_read_are_told(boot):
    done = boot("program=good,%zz", {"good": elf(exits(0))})
    assert "# pagoda: program: cannot be read: good,%zz\n" in done.text
    assert done.status == 35


# ---- archives ---------------------------------------------------------------

def test_archive_is_found_behind_another_module(boot):
    done = boot("program=good", {"good": elf(exits(0))},
                first_module=b"something else")
    assert "module 0: not a boot archive" in done.text
    assert done.status == 33, done.text


def test_broken_archive_is_read_up_to_its_fault(boot):
    whole = cpio({"good": elf(exits(0)), "lost": bytes(5000)})
    done = boot("program=good", whole[:-3000])
    assert "Boot archive: a file lies beyond the end" in done.text
    assert done.status == 33, done.text


def test_module_that_is_no_archive_is_left_alone(boot):
    done = boot("program=good", b"\x7fELF" + bytes(100))
    assert "module 0: not a boot archive" in done.text
    assert "good cannot start: error 2" in done.text


def test_without_an_archive_there_is_nothing_to_run(kernel):
    done = run(Shape("64M"), "")
    assert "Nothing to run: powering off" in done.text
    assert done.status == 0


def test_init_is_started_when_nothing_else_is_asked_for(boot):
    done = boot("", {"init": elf(exits(3))})
    assert "init has ended, wait status 0x300" in done.text
    assert done.status == 0


def test_init_that_cannot_start_is_told(boot):
    done = boot("", {"init": b"no program"})
    assert "init: cannot run: too short for an ELF file" in done.text
    assert "init cannot start: error 8" in done.text
