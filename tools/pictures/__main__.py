# SPDX-License-Identifier: MIT
"""pictures - drawings for lectures, from what the kernel says of itself

USAGE    pictures DUMP FOLDER           draw all into the folder
         pictures --run KERNEL DUMP     boot a kernel and write what it says
         pictures --keep LOG DUMP       the same from a console log
"""
import argparse
import pathlib
import subprocess
import sys

import address_space
import dump
import slab
import zones

PICTURES = {
    "address-space.svg": address_space.draw,
    "zones.svg": zones.draw,
    "buddy.svg": zones.draw_buddy,
    "slab.svg": slab.draw,
}

# 1 GiB has all three zones. Counted instructions make every run the same.
MACHINE = ["-m", "1G", "-cpu", "max", "-accel", "tcg", "-icount",
           "shift=0,sleep=off", "-display", "none", "-serial", "stdio",
           "-monitor", "none", "-no-reboot", "-device",
           "isa-debug-exit,iobase=0xf4,iosize=0x04"]


def run(kernel, qemu):
    done = subprocess.run([qemu, "-kernel", kernel, "-append", "dump",
                           *MACHINE], stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=300)
    log = done.stdout.decode("utf-8", "replace")
    if done.returncode != 33:
        sys.exit(f"pictures: status {done.returncode}, not 33\n{log[-2000:]}")
    return log


def draw(text, folder):
    data = dump.read(text)
    folder.mkdir(parents=True, exist_ok=True)
    for name, function in PICTURES.items():
        (folder / name).write_text(function(data), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="pictures",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--run", metavar="KERNEL")
    parser.add_argument("--keep", metavar="LOG")
    parser.add_argument("--qemu", default="qemu-system-i386")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    args = parser.parse_args()

    source = pathlib.Path(args.paths[0])
    if args.run:
        source.write_text(dump.keep(run(args.run, args.qemu)))
    elif args.keep:
        source.write_text(dump.keep(pathlib.Path(args.keep).read_text()))
    elif len(args.paths) != 2:
        parser.error("a dump and a folder, please")
    else:
        draw(source.read_text(), pathlib.Path(args.paths[1]))


if __name__ == "__main__":
    main()
