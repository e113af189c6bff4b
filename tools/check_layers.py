#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_layers.py - who may include whom, and headers that stand alone

WHAT    Reads every #include line of the tree and compares it with the table
        LAYERS below, first row that matches the file. Then compiles each
        header by itself.

            user -> kernel/uapi, lib, user    tests, labs -> everything
            kernel -> kernel, mm, lib, <arch>
            mm -> mm, lib, <arch>
            lib -> lib, <arch>
            boot -> boot, lib, the <arch> headers that only define things

        The folders of kernel/, its rooms, stand above each other, in the order
        of ROOMS: a file includes headers of its own room and of those below.

USAGE   check_layers.py [--root DIR] [--cc "CC FLAGS"] [--host-cc "CC FLAGS"]
        Without --cc the headers are not compiled. Exit status 1 and one line
        per fault, "file:line: what is wrong".
"""
import argparse
import os
import re
import shlex
import subprocess
import sys

SOURCE = (".c", ".h", ".S")
SKIPPED = {"build", ".git"}

# Headers of the compiler: they are there without any C library.
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}

CONTRACT = "arch/i386/include/"
ARCH = "<arch/"

# What boot/ may know of the machine: constants, types and instructions, but
# nothing that has state in the kernel.
BOOT_ARCH = ["<arch/addr.h>", "<arch/layout.h>", "<arch/pgtable_bits.h>",
             "<arch/cr.h>", "<arch/io.h>", "<arch/stack.h>"]
HANDOFF = "boot/boot_info.h"

#    files below          may include what begins with          why not more
LAYERS = [
    ("lib/",              ["lib/", ARCH],
     "lib depends on nothing but lib and <arch/...>"),
    ("mm/",               ["mm/", "lib/", ARCH],
     "mm is portable: mm, lib and <arch/...>, never kernel or arch/i386"),
    (CONTRACT,            ["lib/", ARCH],
     "the contract is below mm and kernel: lib and <arch/...> only"),
    ("arch/i386/",        ["arch/i386/", "mm/", "lib/", ARCH],
     "arch/i386 plugs in from the side: mm, lib, <arch/...>, never kernel"),
    ("boot/",             ["boot/", "lib/"] + BOOT_ARCH,
     "boot shares only lib and definitions of the machine"),
    ("kernel/uapi/",      ["kernel/uapi/"],
     "what user mode sees does not depend on the kernel"),
    ("kernel/linux/",     ["kernel/", "mm/", "lib/", ARCH],
     "the Linux layer: kernel and what is below it"),
    ("kernel/trial/selftest.c", ["kernel/", "mm/", "lib/", ARCH, "tests/"],
     "the entry to the tests: kernel, below, and the tests' headers"),
    ("kernel/",           ["kernel/", "mm/", "lib/", ARCH, HANDOFF],
     "kernel: kernel, mm, lib, <arch/...> and the boot hand-off"),
    ("user/libc/",        [],
     "plain C, for a C library's own headers"),
    ("user/",             ["user/", "kernel/uapi/", "lib/"],
     "user mode sees kernel/uapi, lib and its own library"),
    ("tests/",            [""], ""),
    ("docs/labs/",        [""], ""),
    ("tools/lab/",        [""], ""),
]

# The rooms of kernel/, the lowest first. Rooms of one row are beside each
# other: neither includes the other.
ROOMS = [
    ["uapi"],              # what user mode sees
    ["diag"],              # say it: consoles, log, panic, backtrace
    ["object"],            # what a handle can name
    ["sched"],             # threads, waits, time
    ["ipc"],               # messages
    ["loader"],            # program files, the boot archive
    ["task"],              # programs
    ["calls"],             # what user mode can ask for
    ["linux", "device"],   # the same by Linux's numbers; drivers in user mode
    ["trial"],             # self-test, crashes on purpose, accounts
    ["monitor"],           # the prompt
    ["start"],             # the order of the boot
]
FLOORS = {room: floor for floor, row in enumerate(ROOMS) for room in row}

# Includes of a higher room, and why each is there.
UP = {
    ("kernel/sched/thread.h", "kernel/ipc/ipc_thread.h"):
        "each thread has a place for one message; the place is ipc's",
    ("kernel/ipc/parcel.c", "kernel/task/task.h"):
        "handles and pages go from task to task",
}

# Headers that only the named files may include, whatever the table says.
PRIVATE = {
    "boot/multiboot.h": ("boot/", "tests/"),
    "kernel/linux/":    ("kernel/linux/", "kernel/start/main.c", "tests/"),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]+>|"[^"]+")',
                     re.MULTILINE)
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)


def blank(match):
    """A comment's replacement: as many empty lines."""
    return "\n" * match.group().count("\n")


def sources(root):
    """Paths of all source files, relative to root, in order."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders
                      if f not in SKIPPED and not f.startswith("build-")]
        found += [os.path.relpath(os.path.join(folder, f), root)
                  for f in files if f.endswith(SOURCE)]
    return sorted(found)


def includes(text):
    """(line number, name) of each #include; system names keep their <>."""
    text = COMMENT.sub(blank, text)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1).strip('"')


def layer_of(path):
    for row in LAYERS:
        if path.startswith(row[0]):
            return row
    return None


def check_private(path, name):
    """Headers for a few files only: *_impl.h, and those of PRIVATE."""
    folder = os.path.dirname(name)
    if name.endswith("_impl.h"):
        if os.path.dirname(path) != folder and \
                not path.startswith(("tests/", "docs/labs/")):
            return f"is private to {folder}/ and to tests"
    for header, users in PRIVATE.items():
        if name.startswith(header) and not path.startswith(users):
            return "is for " + ", ".join(users) + " only"
    return None


def room_of(path):
    """The room of kernel/ipc/parcel.c: ipc; None outside of kernel/."""
    parts = path.split("/")
    return parts[1] if parts[0] == "kernel" and len(parts) > 2 else None


def check_rooms(path, name):
    """Within kernel/: no room includes a higher one, or one beside it."""
    here, there = room_of(path), room_of(name)
    if here not in FLOORS or there not in FLOORS or here == there:
        return None
    if FLOORS[there] < FLOORS[here] or (path, name) in UP:
        return None
    return f"is no room below: kernel/{here} does not include kernel/{there}"


def check_up(root):
    """Each include that UP excuses must be there; if not, its row has to go."""
    for path, name in UP:
        file = os.path.join(root, path)
        if not os.path.exists(file):
            continue
        with open(file, encoding="utf-8") as text:
            if name not in (n for _, n in includes(text.read())):
                yield f"{path}:1: {name} is in UP, and is not included"


def check_include(root, path, name):
    """None, or why this file must not include that name."""
    hosted = path.startswith(("tests/host/", "user/libc/",
                              "tools/lab/runtime/host.c"))
    prefix, allowed, reason = layer_of(path)
    if name.startswith("<") and not name.startswith(ARCH):
        if hosted or name[1:-1] in FREESTANDING:
            return None
        return "is a hosted C library's header"
    if name.startswith(ARCH):
        places = [CONTRACT + name[1:-1], "tests/host/include/" + name[1:-1]]
    else:
        places = [name]
    if not any(os.path.exists(os.path.join(root, p)) for p in places):
        return "is not there: includes are from the root"
    if not name.startswith(tuple(allowed)):
        return "breaks the layers: " + reason
    return check_private(path, name) or check_rooms(path, name)


def check_place(path):
    """None, or why the file must not lie where it lies."""
    if layer_of(path) is None:
        return "is in no folder that LAYERS knows"
    if path.startswith("kernel/") and room_of(path) not in FLOORS:
        return "is in no room of kernel/ that ROOMS knows"
    return None


def check_layers(root):
    faults = list(check_up(root))
    for path in sources(root):
        wrong = check_place(path)
        if wrong:
            faults.append(f"{path}:1: {wrong}")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for line, name in includes(text):
            wrong = check_include(root, path, name)
            if wrong:
                faults.append(f"{path}:{line}: {name} {wrong}")
    return faults


def compile_alone(root, path, command):
    """None, or the compiler's first complaint about the header alone."""
    name = f'"{path}"'
    for folder in (CONTRACT, "tests/host/include/"):
        if path.startswith(folder):
            name = f"<{path[len(folder):]}>"
    run = subprocess.run(command + ["-fsyntax-only", "-Werror", "-x", "c", "-"],
                         input=f"#include {name}\n", cwd=root, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         check=False)
    if run.returncode == 0:
        return None
    errors = [line for line in run.stdout.splitlines() if "error" in line]
    return f"{path}:1: does not compile alone: {(errors or ['?'])[0]}"


def check_headers(root, kernel_cc, host_cc):
    faults = []
    for path in sources(root):
        command = host_cc if path.startswith("tests/host/") else kernel_cc
        if path.endswith(".h") and command:
            fault = compile_alone(root, path, command)
            faults += [fault] if fault else []
    return faults


def compiler(text):
    """The command without the options that write dependency files."""
    return [word for word in shlex.split(text) if not word.startswith("-M")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(
        os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--cc", default="", type=compiler)
    parser.add_argument("--host-cc", default="", type=compiler)
    args = parser.parse_args()

    faults = check_layers(args.root)
    faults += check_headers(args.root, args.cc, args.host_cc)
    for fault in faults:
        print(fault)
    print(f"check_layers: {len(sources(args.root))} files, "
          f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
