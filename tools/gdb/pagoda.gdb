# SPDX-License-Identifier: MIT
#
# pagoda.gdb - what GDB must know to debug Pagoda in QEMU
#
# WHAT     Settings, the command `boot`, then the kernel's commands and
#          pretty-printers. `make debug` reads it; by hand:
#
#            gdb -nx -x tools/gdb/pagoda.gdb -ex boot build/pagoda.elf
#
#          or with a QEMU that was started with -s -S:
#
#            (gdb) target remote :1234
#
# NOTE     Always from qemu-system-i386: a 64-bit QEMU sends 64-bit registers,
#          which GDB refuses under this architecture.

set architecture i386
set confirm off
set print pretty on
set print array-indexes on

# A busy machine may need long to start QEMU. GDB waits 2 s for an answer, then
# asks again; QEMU answers twice, and the second answer is taken for that to the
# next question ("Remote replied unexpectedly to 'vMustReplyEmpty'").
set remotetimeout 60
set tcp connect-timeout 60

python
import os
import sys
import gdb

def folder_of_this_file():
    """`make debug` says it; else we stand in Pagoda's folder."""
    for folder in (os.environ.get("PAGODA_GDB"), "tools/gdb"):
        if folder and os.path.isdir(os.path.join(folder, "pg")):
            return os.path.abspath(folder)
    raise gdb.GdbError("pagoda.gdb: start GDB in Pagoda's folder")

os.environ["PAGODA_GDB"] = folder_of_this_file()
sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["PAGODA_GDB"])
import pg.command
end
