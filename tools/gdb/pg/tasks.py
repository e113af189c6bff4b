# SPDX-License-Identifier: MIT
"""tasks.py - pg tasks, pg maps: who runs, sleeps and owns which addresses

WHAT    Tasks in the columns of the shell's ps, threads with the place where
        they wait; the areas of a task as Linux's /proc/PID/maps has them.

TERMS   waits in  the innermost function on the thread's stack that is not the
                  scheduler's
"""

import gdb

from pg import kernel
from pg.facts import constant
from pg.guest import Refused, evaluate

PAGE_KIB = 4
SCHED = "kernel/sched/sched.c"
ACCOUNT = "mm/account/account.c"

# What a sleeping thread has on its stack above the interesting function.
SCHEDULER = ("kernel/sched/", "arch/i386/cpu/")

# edi, esi, ebx, ebp, return address: struct switch_frame
FRAME_EBP, FRAME_EIP = 12, 16


def all_tasks():
    return list(kernel.list_members(kernel.variable("all_tasks"),
                                    "task", "all"))


def all_threads():
    head = kernel.variable("all_threads", SCHED)
    return list(kernel.list_members(head, "thread", "all"))


def need_threads():
    if not int(kernel.variable("running_thread")[0]):
        raise Refused("there are no threads yet: sched_init() has not run")


def title(task):
    return f"task {int(task['pid'])} ({kernel.text(task['name'])})"


def find(who):
    """A task by its number, or by an expression that is a struct task *."""
    value = evaluate(who)
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        if str(value.type.target().strip_typedefs()) != "struct task":
            raise Refused(f"{who} is no struct task *")
        return value.dereference()
    for task in all_tasks():
        if int(task["pid"]) == int(value):
            return task
    raise Refused(f"no task has the number {int(value)}: `pg tasks` lists "
                  "them")


def address_space(task):
    if not int(task["mm"]):
        raise Refused(f"{title(task)} has ended: its memory is gone")
    return task["mm"].dereference()


# ---- pg tasks ---------------------------------------------------------------

def threads_of(task):
    return list(kernel.list_members(task["threads"], "thread", "in_task"))


def state_of(task, threads):
    if task["zombie"]:
        return "Z"
    runs = {"THREAD_READY", "THREAD_RUNNING"}
    return "R" if any(kernel.enumerator(t["state"]) in runs
                      for t in threads) else "S"


def kernel_kib(task):
    """mm/account/account.c:account_own_bytes()"""
    if not int(task["account"]):
        return 0
    kinds = kernel.variable("kinds", ACCOUNT)
    first, last = kinds.type.range()
    own = task["account"]["own"]
    return sum(int(own[kind]) * int(kinds[kind]["bytes"])
               for kind in range(first, last + 1)) // 1024


def task_line(task):
    threads = threads_of(task)
    parent = int(task["parent"]["pid"]) if int(task["parent"]) else 0
    rss = total = 0
    if int(task["mm"]):
        rss, total = int(task["mm"]["rss"]), int(task["mm"]["total_vm"])
    ran = int(task["ran_ns"]) + sum(int(t["ran_ns"]) for t in threads)
    return f"{int(task['pid']):5} {parent:5} {state_of(task, threads)} " \
           f"{len(threads):7} {int(task['handles']['used']):7} " \
           f"{rss * PAGE_KIB:8} {total * PAGE_KIB:9} {kernel_kib(task):11} " \
           f"{ran // 1000000:9} {kernel.text(task['name'])}"


def source_of(address):
    table = gdb.find_pc_line(address - 1).symtab
    return table.filename if table else ""


def waits_in(thread):
    """Where a thread that does not run will continue."""
    esp = int(thread["arch"]["esp"])
    if not int(thread["stack"]["base"]) <= esp < int(thread["stack"]["top"]):
        return "?"
    word = kernel.type_of("unsigned int").pointer()
    frame = gdb.Value(esp).cast(word)
    places = [int(frame[FRAME_EIP // 4])]
    places += kernel.frame_chain(int(frame[FRAME_EBP // 4]))
    for place in places:
        source = source_of(place)
        if source and not any(part in source for part in SCHEDULER):
            return kernel.code_name(place)
    return kernel.code_name(places[0])


def thread_line(thread, running):
    runs = int(thread.address) == running
    state = kernel.enumerator(thread["state"]).replace("THREAD_", "")
    owner = int(thread["task"]["pid"]) if int(thread["task"]) else "-"
    place = "(on the CPU)" if runs else waits_in(thread)
    return f"{'*' if runs else ' '}{int(thread['tid']):4} {owner:>5} " \
           f"{int(thread['priority']):3} {state.lower():8} " \
           f"{kernel.text(thread['name']):16} {place}"


def pg_tasks():
    print("  PID  PPID S THREADS HANDLES RSS(KiB) SIZE(KiB) KERNEL(KiB)"
          "  TIME(ms) NAME")
    for task in all_tasks():
        print(task_line(task))
    print("  TID  TASK PRI STATE    NAME             WAITS IN")
    running = int(kernel.variable("running_thread")[0])
    for thread in all_threads():
        print(thread_line(thread, running))


# ---- pg maps ----------------------------------------------------------------

def area_name(space, vma):
    """mm/vm/vm_check.c:name_of()"""
    if int(vma["name"]):
        return kernel.text(vma["name"])
    if int(vma["object"]):
        return "/dev/zero (deleted)"
    start, end = int(vma["range"]["start"]), int(vma["range"]["end"])
    heap, brk = int(space["brk_start"]["v"]), int(space["brk"]["v"])
    if start < brk and end > heap:
        return "[heap]"
    return ""


def area_line(space, vma):
    flags, name = int(vma["flags"]), area_name(space, vma)
    rights = "".join(letter if flags & constant(bit) else "-" for letter, bit
                     in (("r", "VM_READ"), ("w", "VM_WRITE"),
                         ("x", "VM_EXEC")))
    rights += "s" if flags & constant("VM_SHARED") else "p"
    offset = int(vma["offset"]) << 12 if int(vma["object"]) else 0
    line = f"{int(vma['range']['start']):08x}-" \
           f"{int(vma['range']['end']):08x} {rights} " \
           f"{offset & 0xFFFFFFFF:08x} 00:00 0 "
    return line.ljust(constant("NAME_COLUMN")) + name if name else line


def pg_maps(who):
    space = address_space(find(who))
    for vma in kernel.range_members(space["vmas"], "vma", "range"):
        print(area_line(space, vma))
