#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How long short sleeps take, with events between ticks and without.

Instructions are counted, so no host can make a sleep late: what is late is the
kernel's. The program tests/user/naps.c says how long its sleeps took. Without
events a sleep beside a busy process ends at a tick, and is judged to: the docs
say so, and it shows that the other judgement can fail.
"""

import re

import pytest
from machine import ICOUNT, Shape, run

TICK = 10000        # us
ON_TIME = 60        # us behind what was asked, the way back included
LATE = TICK + ON_TIME

SAYS = re.compile(r"# (alone|beside a busy process): usleep\((\d+)\) "
                  r"took (\d+) us, at most (\d+) us")

#   machine, words for the kernel, what it says, how late at most
MACHINES = {
    "events": (["-M", "pc"], "", "8254 between them", ON_TIME),
    "no-apic": (["-M", "pc"], "noapic", "nothing between them", LATE),
    "no-8254": (["-M", "pc,pit=off"], "", "nothing between them", LATE),
}


@pytest.mark.parametrize("name", MACHINES)
def test_sleeps_end_in_time(kernel, name):
    machine, words, says, late = MACHINES[name]
    done = run(Shape("128M", "max", extra=[*machine, *ICOUNT]),
               f"program=tests/naps {words}", "program", archive=True)
    assert done.status == 33 and says in done.text, done.text[-2000:]
    found = [(where, int(asked), int(took), int(longest))
             for where, asked, took, longest in SAYS.findall(done.text)]
    assert len(found) == 12, found
    for where, asked, took, longest in found:
        assert asked <= took <= longest <= asked + late, found
        if late == LATE and where != "alone" and asked > 100:
            assert took >= asked // TICK * TICK + TICK - 100, found
