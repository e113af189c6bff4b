# SPDX-License-Identifier: MIT
"""command.py - `pg`: the kernel's commands, in one table

WHAT    Each row of COMMANDS is a subcommand: its arguments, what must be there
        before it makes sense, what it shows. `pg help` prints the table;
        `help pg walk` prints a row of it; Tab completes.
"""

import gdb

from pg import guest, kernel, kva, log, pages, paging, slabs, tasks
from pg import printers  # noqa: F401  (importing it registers them)
from pg.guest import Refused


# ---- arguments --------------------------------------------------------------

def expression(text):
    """A number: all that GDB can compute, also from registers and variables."""
    value = guest.evaluate(text)
    try:
        return kernel.number(value)
    except gdb.error as error:
        raise Refused(f"{text}: {error}") from error


def address(text):
    value = expression(text)
    if not -(1 << 31) <= value < 1 << 32:
        raise Refused(f"{text} is no address of 32 bits")
    return value & 0xFFFFFFFF


def natural(text):
    value = expression(text)
    if value < 0:
        raise Refused(f"{text} is negative")
    return value


def plain(text):
    return text


# ---- what must be there -----------------------------------------------------

def need_nothing():
    pass


def need_pages():
    guest.need_paging()
    pages.need_pages()


def need_threads():
    guest.need_paging()
    tasks.need_threads()


def walk(where, who=None):
    if who is not None:
        need_threads()
    paging.pg_walk(where, who)


def show_map(who=None):
    if who not in (None, "all"):
        need_threads()
    paging.pg_map(who)


def show_help():
    for name, row in COMMANDS.items():
        print(f"pg {name + ' ' + row.usage:26} {row.what}")
    print("ADDR and PFN may be any expression; TASK is a PID or a "
          "struct task *.")


class Row:
    """usage: arguments, [optional] ones last; kinds: how each is read."""

    def __init__(self, function, usage, kinds, need, what):
        self.function = function
        self.usage = usage
        self.kinds = kinds
        self.need = need
        self.what = what

    def arguments(self, words):
        least = sum(not word.startswith("[") for word in self.usage.split())
        if not least <= len(words) <= len(self.kinds):
            raise Refused(f"wanted: {self.usage or 'no argument'}")
        return [kind(word) for kind, word in zip(self.kinds, words)]


PAGED = guest.need_paging

COMMANDS = {
    "walk": Row(walk, "ADDR [TASK]", (address, plain), PAGED,
                "the entries that translate an address, level by level"),
    "map": Row(show_map, "[TASK|all]", (plain,), PAGED,
               "what the page tables map: the kernel's quarter, or a task"),
    "zones": Row(pages.pg_zones, "", (), need_pages,
                 "zones and watermarks, as /proc/zoneinfo"),
    "buddy": Row(pages.pg_buddy, "[ZONE]", (plain,), need_pages,
                 "free blocks by order, as /proc/buddyinfo; or where they are"),
    "slabs": Row(slabs.pg_slabs, "[CACHE]", (plain,), need_pages,
                 "caches, as /proc/slabinfo; or each slab of one"),
    "vmalloc": Row(kva.pg_vmalloc, "", (), need_pages,
                   "areas, as /proc/vmallocinfo"),
    "kmap": Row(kva.pg_kmap, "", (), need_pages,
                "slots of kmap() and their users"),
    "fixmap": Row(paging.pg_fixmap, "", (), PAGED,
                  "slots of the fixmap and of kmap_local()"),
    "tasks": Row(tasks.pg_tasks, "", (), need_threads,
                 "tasks and threads, and where they wait"),
    "maps": Row(tasks.pg_maps, "TASK", (plain,), need_threads,
                "areas of a task, as /proc/PID/maps"),
    "page": Row(pages.pg_page, "PFN", (natural,), need_pages,
                "what a page frame is and who has it"),
    "log": Row(log.pg_log, "[N]", (natural,), PAGED,
               "what the kernel has said; its last N lines"),
    "help": Row(show_help, "", (), need_nothing, "this list"),
}


# ---- GDB's side -------------------------------------------------------------

def run(row, text):
    """Run a command. An error is a sentence, never a trace."""
    if row.need is need_nothing:
        row.function()
        return
    with guest.reading():
        row.need()
        row.function(*row.arguments(gdb.string_to_argv(text)))


class Prefix(gdb.Command):
    """Pagoda: memory and tasks of the kernel; `pg help` lists the commands."""

    def __init__(self):
        super().__init__("pg", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, text, from_tty):
        if text:
            raise Refused(f"no command `pg {text}`: `pg help` lists them")
        show_help()


class Command(gdb.Command):
    """One row of COMMANDS."""

    def __init__(self, name, row):
        self.__doc__ = f"pg {name} {row.usage}\n{row.what}"
        self.row = row
        completer = gdb.COMPLETE_EXPRESSION if row.kinds else \
            gdb.COMPLETE_NONE
        super().__init__(f"pg {name}", gdb.COMMAND_DATA, completer)

    def invoke(self, text, from_tty):
        try:
            run(self.row, text)
        except gdb.MemoryError as error:
            raise Refused(f"{error}: the structure does not lead on, "
                          "or is not there yet") from error
        except gdb.error as error:
            raise Refused(str(error)) from error


class Boot(gdb.Command):
    """Start the machine, or another one, stopped before its first instruction.
What it is made of says tools/gdb/machine."""

    def __init__(self):
        super().__init__("boot", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE)

    def invoke(self, text, from_tty):
        try:
            gdb.execute("kill", to_string=True)
        except gdb.error:
            pass    # there was none, or it goes without an answer
        gdb.execute('target remote | exec "$PAGODA_GDB"/machine')
        print("Stopped before the first instruction. `continue` boots, "
              "Ctrl-C stops,\n`pg help` lists the kernel's commands, "
              "`boot` starts again.")


Boot()
Prefix()
for command_name, command_row in COMMANDS.items():
    Command(command_name, command_row)
