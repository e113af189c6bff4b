# SPDX-License-Identifier: MIT
"""The post-link check on images that were spoilt: each fault is named.

The built kernel passes; a copy with one field patched must not.
"""

import struct
import subprocess
import sys

import pytest

import machine

CHECK = machine.ROOT / "tools" / "check_image.py"
PAGE_OFFSET = 0xC0000000

# Offsets in the ELF32 header and in a program header.
E_CLASS, E_MACHINE, E_ENTRY, E_PHOFF, E_PHENTSIZE = 4, 18, 24, 28, 42
P_VADDR, P_PADDR, P_FILESZ, P_FLAGS = 8, 12, 16, 24
BOOT_TEXT, BOOT_DATA, TEXT, RODATA, DATA = range(5)   # as in linker.ld


class Image:
    """The kernel's bytes, with the fields that the tests patch."""

    def __init__(self, data):
        self.data = bytearray(data)

    def get(self, offset):
        return struct.unpack_from("<I", self.data, offset)[0]

    def set(self, offset, value):
        struct.pack_into("<I", self.data, offset, value & 0xFFFFFFFF)

    def segment(self, index, field):
        size = struct.unpack_from("<H", self.data, E_PHENTSIZE)[0]
        return self.get(E_PHOFF) + index * size + field

    def rename(self, old, new):
        """Rename a symbol wherever it stands, to a name not longer."""
        old, new = b"\0" + old + b"\0", b"\0" + new
        assert old in self.data
        self.data[:] = self.data.replace(old, new.ljust(len(old), b"\0"))


def check(tmp_path, data, *arguments):
    path = tmp_path / "image"
    path.write_bytes(data)
    run = subprocess.run([sys.executable, str(CHECK), str(path), *arguments],
                         capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def elf64(image):
    image.data[E_CLASS] = 2


def other_machine(image):
    struct.pack_into("<H", image.data, E_MACHINE, 62)


def no_checksum(image):
    at = image.data.index(struct.pack("<I", 0x1BADB002))
    image.set(at + 8, image.get(at + 8) + 1)


def header_too_far(image):
    at = image.data.index(struct.pack("<I", 0x1BADB002))
    header = image.data[at:at + 12]
    image.data[at:at + 12] = bytes(12)
    image.data[8192:8204] = header


def writable_text(image):
    image.set(image.segment(TEXT, P_FLAGS), 7)


def executable_data(image):
    image.set(image.segment(DATA, P_FLAGS), 7)


def unaligned(image):
    at = image.segment(RODATA, P_PADDR)
    image.set(at, image.get(at) + 16)


def overlapping(image):
    for field in (P_PADDR, P_VADDR):
        at = image.segment(RODATA, field)
        image.set(at, image.get(at) - 4096)


def low(image):
    for field in (P_PADDR, P_VADDR):
        image.set(image.segment(BOOT_TEXT, field), 0x80000)


def linked_elsewhere(image):
    at = image.segment(TEXT, P_VADDR)
    image.set(at, image.get(at) + 0x10000000)


def virtual_entry(image):
    image.set(E_ENTRY, image.get(E_ENTRY) + PAGE_OFFSET)


def entry_in_data(image):
    image.set(E_ENTRY, image.get(image.segment(BOOT_DATA, P_PADDR)))


def libgcc(image):
    image.rename(b"page_alloc_init", b"__udivdi3")


SPOILT = [
    (elf64, "ELF32"),
    (other_machine, "not for i386"),
    (no_checksum, "image L1:"),
    (header_too_far, "image L1:"),
    (writable_text, "image L2:"),
    (executable_data, "image L2:"),
    (unaligned, "image L3:"),
    (overlapping, "image L3:"),
    (low, "below 1 MiB"),
    (linked_elsewhere, "neither physical nor"),
    (virtual_entry, "image L4:"),
    (entry_in_data, "image L4:"),
    (libgcc, "libgcc"),
]


def test_built_kernel_passes(kernel, tmp_path):
    status, text = check(tmp_path, kernel.read_bytes())
    assert status == 0, text
    assert "multiboot header at file offset" in text


@pytest.mark.parametrize("spoil, words", SPOILT,
                         ids=[row[0].__name__ for row in SPOILT])
def test_spoilt_image_is_refused(kernel, tmp_path, spoil, words):
    image = Image(kernel.read_bytes())
    spoil(image)
    status, text = check(tmp_path, image.data)
    assert status == 1, text
    assert words in text


def test_boot_unit_uses_nothing_of_the_kernel(kernel, tmp_path):
    """The build allows a list; with an empty one the names are reported."""
    status, text = check(tmp_path, (machine.BUILD / "boot.o").read_bytes(),
                         "--unit", "")
    assert status == 1
    assert "kernel_main" in text
    assert "printk" not in text
