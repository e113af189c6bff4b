#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_archive.py - the boot archive, in cpio's "newc" format

WHAT    Files go in under their last name; those after --folder NAME go into
        that folder. The same files give the same bytes: no times, no owners.
        Of a program only its segments go in: debugging data is most of the
        file, and a loader would need memory for all of it.

            070701 | 13 numbers of 8 hex digits | name 0 | pad | data | pad
            ...
            070701 ... "TRAILER!!!"

USAGE   make_archive.py ARCHIVE FILE ... [--folder NAME FILE ...]
SEE     cpio(5), "New ASCII Format"
"""
import os
import struct
import sys

FILE = 0o100644
PROGRAM = 0o100755
FOLDER = 0o040755
ELF = b"\x7fELF"


def loaded(data):
    """An ELF32 program without sections and without the bytes after the last
    segment; any other file as it is."""
    if not data.startswith(ELF) or data[4] != 1:
        return data
    phoff, = struct.unpack_from("<I", data, 28)
    phentsize, phnum = struct.unpack_from("<HH", data, 42)
    end = phoff + phnum * phentsize
    for i in range(phnum):
        offset, _, _, filesz = struct.unpack_from(
            "<4I", data, phoff + i * phentsize + 4)
        end = max(end, offset + filesz)
    data = bytearray(data[:end])
    struct.pack_into("<I", data, 32, 0)         # e_shoff
    struct.pack_into("<HH", data, 48, 0, 0)     # e_shnum, e_shstrndx
    return bytes(data)


def pad(data):
    return data + bytes(-len(data) % 4)


def member(number, name, mode, data):
    name = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return pad(header + name) + pad(data)


def members(arguments):
    """(name, mode, data) of everything on the command line, in its order."""
    folder = ""
    arguments = iter(arguments)
    for argument in arguments:
        if argument == "--folder":
            folder = next(arguments) + "/"
            yield folder[:-1], FOLDER, b""
            continue
        with open(argument, "rb") as file:
            data = file.read()
        mode = PROGRAM if data.startswith(ELF) else FILE
        yield folder + os.path.basename(argument), mode, loaded(data)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: make_archive.py ARCHIVE FILE ... [--folder NAME ...]")
    out = b"".join(member(number, *what)
                   for number, what in enumerate(members(sys.argv[2:]), 1))
    out += member(0, "TRAILER!!!", 0, b"")
    with open(sys.argv[1] + ".tmp", "wb") as file:
        file.write(out)
    os.rename(sys.argv[1] + ".tmp", sys.argv[1])


if __name__ == "__main__":
    main()
