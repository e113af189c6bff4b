# SPDX-License-Identifier: MIT
"""look_answers.py - lab 0: how each answer is found from outside

WHAT     Boots the student's machine twice: at the kernel's monitor, where the
         lines of LAB.md are typed, and with user mode, up to the shell. Each
         answer is read from the machine that stands still.

ALGORITHM  User mode boots while the monitor is asked. The one thing that is
         typed and not known before is the frame for `alloc kmap`: it is read
         from the kernel's table of things that are held.
"""
from dataclasses import dataclass
from typing import Callable

import outside
from outside import HOLD, KMAP, PAGE, Look, Machine, layout_of

SHELL = "\n$ "
INIT = 1                # its pid
HIGHMEM_HELD = 4        # the number under which the page of kmap is held
VARIABLES = ("zones", "mem_map", "max_pfn", "high_memory", "all_tasks",
             "pageblock_states", "kernel_image")
FUNCTIONS = ("alloc_pages", "kfree", "vmalloc", "kernel_main", "zones",
             "high_memory")
BITS = ("P", "RW", "US", "PWT", "PCD", "PS", "G", "XD")


@dataclass(frozen=True)
class Question:
    kind: str           # look.py: "hex", "dec", "word", "bits"
    find: Callable      # of the machine at the monitor, and what is asked


# ---- helpers -----------------------------------------------------------------

def zone_of(look, name):
    return next(at for at in look.zones() if look.zone_name(at) == name)


def held(look, number):
    """What the monitor holds under a number: a pointer."""
    address, size, _ = look.layout.symbols[f"{HOLD}::held"]
    return look.member(address + (number - 1) * size, "held.ptr")


def without_history(look, entry):
    """An entry without A and D: the processor sets them when it likes."""
    return entry & ~(look.layout["PAE_A"] | look.layout["PAE_D"])


def bit_names(look, entry):
    return frozenset(name for name in BITS
                     if entry & look.layout[f"PAE_{name}"])


# ---- the answers -------------------------------------------------------------

def ram_kib(look, _):
    return sum(look.member(at, "zone.present") for at in look.zones()) * 4


def managed(look, ask):
    return look.member(zone_of(look, ask["zone"]), "zone.managed")


def watermark(look, ask):
    return look.member(zone_of(look, ask["mark_zone"]), f"zone.{ask['mark']}")


def page_directory(look, _):
    return look.walk(look.layout["PAGE_OFFSET"])[0][1] & \
        look.layout["PAE_ADDR_MASK"]


def large_pages(look, _):
    present = look.layout["PAE_P"] | look.layout["PAE_PS"]
    return sum(entry & present == present
               for entry in look.entries(page_directory(look, _)))


def index_of_pde(look, ask):
    return look.walk(ask["address"])[1][0] % PAGE // 8


def entry_of_address(look, ask):
    return without_history(look, look.walk(ask["address"])[-1][1])


def bits_of_symbol(look, ask):
    return bit_names(look, look.walk(look.address(ask["bits_symbol"]))[-1][1])


def free_blocks(look, ask):
    """The length of the list, not what the zone says of it."""
    at = zone_of(look, ask["free_zone"])
    offset, size, _ = look.layout.members["zone.free"]
    return sum(1 for _ in look.ring(at + offset + ask["free_order"] * size))


def buddy_of_block(look, ask):
    return look.pfn_of(held(look, 1)) ^ 1 << ask["order"]


def page_of_vmalloc(look, ask):
    return look.physical(held(look, 3) + (ask["page"] - 1) * PAGE)


def slot_of_page(look, _):
    """The slot whose entry maps the frame, by the page tables."""
    frame = look.pfn_of(held(look, HIGHMEM_HELD)) * PAGE
    pde = look.walk(look.layout["PKMAP_BASE"])[1][1]
    entries = look.entries(pde & look.layout["PAE_ADDR_MASK"])
    return next(slot for slot, entry in enumerate(entries)
                if entry & look.layout["PAE_P"] and
                entry & look.layout["PAE_ADDR_MASK"] == frame)


def count_of_slot(look, ask):
    return look.values(f"{KMAP}::slot_count")[slot_of_page(look, ask)]


def entry_of_device(look, ask):
    """Where the PTE lies that maps the device's registers."""
    return look.walk(held(look, HIGHMEM_HELD + ask["users"] + 1))[-1][0]


def page_of_program(look, ask):
    """Of init, which is there as long as user mode."""
    link = look.layout.members["task.all"][0]
    task = next(at - link for at in look.ring(look.address("all_tasks"))
                if look.member(at - link, "task.pid") == INIT)
    space = look.member(task, "task.mm")
    return look.physical(ask["program_page"],
                         look.member(space, "mm.tables.root"))


QUESTIONS = {
    1: Question("hex", lambda look, _: look.value("high_memory")),
    2: Question("hex", lambda look, _: look.vmalloc_start()),
    3: Question("dec", ram_kib),
    4: Question("dec", managed),
    5: Question("dec", watermark),
    6: Question("dec", large_pages),
    7: Question("word", lambda look, _: "on" if look.nx else "off"),
    8: Question("hex", lambda look, _: look.registers["CR3"]),
    9: Question("hex", page_directory),
    10: Question("hex", lambda look, ask:
                 look.physical(look.address(ask["symbol"]))),
    11: Question("dec", index_of_pde),
    12: Question("hex", entry_of_address),
    13: Question("bits", bits_of_symbol),
    14: Question("dec", free_blocks),
    15: Question("hex", buddy_of_block),
    16: Question("hex", page_of_vmalloc),
    17: Question("dec", slot_of_page),
    18: Question("dec", count_of_slot),
    19: Question("hex", entry_of_device),
    20: Question("hex", page_of_program),
}
OF_PROGRAM = {20}


# ---- the machines ------------------------------------------------------------

def lines_before(ask):
    """What is typed up to the page for kmap."""
    return (f"alloc page {ask['order']}", f"alloc dma {ask['dma_order']}",
            f"alloc vmalloc {ask['pages'] * 4}K", "alloc highmem 0")


def lines_after(ask, pfn):
    return (*[f"alloc kmap 0x{pfn:x}"] * ask["users"],
            f"alloc ioremap 0x{ask['register']:x}")


def boot(kernel, archive, machine, *words):
    append = " ".join([*words, f"vmalloc={machine['vmalloc']}M"])
    return Machine(kernel, archive, append, ("-m", f"{machine['mem']}M",
                                            "-cpu", machine["cpu"]))


def type_lines(machine, layout, ask):
    """Bring the machine to where the questions begin. Returns: a Look."""
    machine.until(outside.PROMPT)
    for line in lines_before(ask):
        machine.type(line)
    machine.stop()
    look = Look(machine, layout)
    pfn = look.pfn_of(held(look, HIGHMEM_HELD))
    machine.go_on()
    for line in lines_after(ask, pfn):
        machine.type(line)
    machine.stop()
    return Look(machine, layout)


def find(kernel, archive, machine, ask):
    """question -> the right value"""
    layout = layout_of(str(kernel), tuple(
        name for name in dict.fromkeys(VARIABLES + FUNCTIONS)
        if name not in outside.SYMBOLS))
    try:
        with boot(kernel, archive, machine) as second, \
                boot(kernel, archive, machine, "monitor") as first:
            look = type_lines(first, layout, ask)
            right = {n: question.find(look, ask)
                     for n, question in QUESTIONS.items()
                     if n not in OF_PROGRAM}
            second.until(SHELL)
            second.stop()
            look = Look(second, layout)
            return right | {n: QUESTIONS[n].find(look, ask)
                            for n in OF_PROGRAM}
    except (outside.Broken, StopIteration) as error:
        raise outside.OutsideError(f"its structures cannot be followed: "
                                   f"{error}") from error
