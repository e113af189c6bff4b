# SPDX-License-Identifier: MIT
"""conftest.py - which part of the tests runs, and which are wanted

WHAT     Says how far a run is, instead of dots: "part 12 of 36: gdb 9/41, 512
         of 1873 in all". A part is a file; with several workers parts overlap.
         With SUBJECT in the environment (`make test T=buddy`) only the tests
         run in whose name it stands (subjects.py).
"""

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "emu"))

import subjects  # noqa: E402  (needs the path above)

SUBJECT = os.environ.get("SUBJECT", "")
LINE_EVERY = 5      # seconds, but for the end of a part


def part_of(nodeid):
    return Path(nodeid.partition("::")[0]).stem.removeprefix("test_")


def is_wanted(nodeid):
    """Of the tests of suites and programs, those that are about it."""
    return subjects.is_about(nodeid.rpartition("/")[2], SUBJECT)


def pytest_collection_modifyitems(config, items):
    if not SUBJECT:
        return
    left = [item for item in items if not is_wanted(item.nodeid)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if is_wanted(item.nodeid)]


class Progress:
    """Lives where the report is written: never in a worker."""

    def __init__(self, write):
        self.write = write
        self.total, self.done = Counter(), Counter()
        self.next_line = 0

    def expect(self, nodeids):
        self.total = Counter(map(part_of, nodeids))

    def pytest_collection_finish(self, session):
        if session.items:
            self.expect(item.nodeid for item in session.items)

    # Without xdist pytest does not know this hook.
    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        self.expect(ids)

    def pytest_runtest_logreport(self, report):
        if report.when != "teardown":
            return
        part = part_of(report.nodeid)
        self.done[part] += 1
        is_end = self.done[part] == self.total[part]
        if is_end or time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + LINE_EVERY
            self.say(part)

    def say(self, part):
        number = sorted(self.total).index(part) + 1
        self.write(f"part {number} of {len(self.total)}: {part} "
                   f"{self.done[part]}/{self.total[part]}, "
                   f"{self.done.total()} of {self.total.total()} in all")

    def pytest_report_teststatus(self, report):
        """No dot for what passes."""
        if report.when == "call" and report.passed:
            return "passed", "", ""
        return None


@pytest.hookimpl(trylast=True)    # when there is somebody who writes
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    config.pluginmanager.register(Progress(terminal.write_line), "progress")
