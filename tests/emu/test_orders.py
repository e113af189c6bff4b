# SPDX-License-Identifier: MIT
"""test_orders.py - a suite leaves the machine as it was

WHAT    Every suite runs twice in one boot, from the monitor, in two orders
        other than that of their names. Both runs pass, every invariant holds
        after them, and user mode, which starts then, does what it does on a
        fresh machine.
"""

import re

import pytest

import machine
from judge import STATUS_PASS, judge
from monitor import Session, all_hold

SHELL = "\r\n$ "

# What some lines of the demo must say; no line may say the other.
SAYS = {"ps": "sh", "free": "lowmem", "pager": "contents are right",
        "cow": "after it wrote", "help": "maps"}
COMPLAINS = re.compile(r"error|cannot|killed|no such|panic", re.IGNORECASE)

# In the second run a test may find nothing left to do, or a clock that the host
# holds up.
ONCE = re.compile(r"every page table is there already|"
                  r"the clock gave \d+ interrupts only")


def run_all(session, order, suites):
    """{test: reason} of the skipped ones."""
    text = session.run(f"test all {order}")
    verdict = judge(text, STATUS_PASS, suites)
    assert verdict.ok, f"{order}: {verdict.text}"
    names = re.findall(r"^(?:not )?ok \d+ (\w+)$", text, re.MULTILINE)
    return names, {name: why for name, why in
                   re.findall(r"ok \d+ (\w+) # SKIP (.*)$", text,
                              re.MULTILINE)}


def run_demo(session):
    """The lines of user/files/demo, typed; its `exit` leaves the shell."""
    lines = (machine.ROOT / "user/files/demo").read_text().splitlines()
    for line in lines:
        if line.startswith("#") or line == "exit":
            continue
        session.child.send(line + "\r")
        text = session.until(SHELL).partition("\n")[2]
        assert SAYS.get(line, "") in text, f"{line}: {text}"
        # Some programs are not built everywhere; `ls` says which.
        if not re.match(r"ls|hello-|busybox", line):
            assert not COMPLAINS.search(text), f"{line}: {text}"


@pytest.mark.parametrize("mem, seed", [("1G", 1), ("128M", 20)])
def test_every_suite_twice_then_user_mode(kernel, suites, mem, seed):
    session = Session(f"monitor seed={seed}", mem=mem,
                      extra=["-initrd", str(machine.ARCHIVE)])
    session.child.timeout = machine.limit("selftest")
    try:
        names, first = run_all(session, "reversed", suites)
        assert names == sorted(suites, reverse=True)
        names, second = run_all(session, "shuffled", suites)
        assert sorted(names) == sorted(suites) != names
        new = set(second.items()) - set(first.items())
        assert all(ONCE.fullmatch(why) for _, why in new), new
        assert all_hold(session.run("check"))
        session.child.send("exit\r")
        session.until(SHELL)
        run_demo(session)
        session.child.send("exit\r")
        assert "User mode has ended" in session.until()
        assert all_hold(session.run("check"))
        assert session.end("poweroff") == 0
    finally:
        session.close()
