# SPDX-License-Identifier: MIT
"""judge.py - did this run of the self-tests pass?

WHAT     Reads what a kernel printed and how it ended, and says in words
         whether that was a pass. It believes nothing that is said only once:
         a pass needs the plan, the last line and the exit status together,
         and every suite that the source tree has.

TERMS    transcript  all text of the serial console
         verdict     "pass", or everything that is wrong, one line each
         plan        "1..N": how many results follow at that level

RULES    J1  the machine ended by itself, with status 33
         J2  each level has a plan, before its first result, and exactly so
             many results, numbered 1, 2, 3 ...
         J3  a suite is ok if and only if all of its tests are
         J4  every expected suite is there, once
         J5  the last line is the totals, and they are those of the results
         J6  no test failed

SEE      Linux Documentation/dev-tools/ktap.rst; tests/ktest.c.
"""

import re
from dataclasses import dataclass, field

STATUS_PASS = 33
STATUS_FAILED = 35
STATUS_PANIC = 37

STATUS_WORDS = {
    0: "status 0: it reset (triple fault) or switched off",
    1: "status 1: the emulator itself failed",
    STATUS_FAILED: "status 35: the kernel says that a test failed",
    STATUS_PANIC: "status 37: the kernel panicked",
}

INDENT = "    "
VERSION = "KTAP version 1"
RESULT = re.compile(r"(not ok|ok) (\d+) (?:- )?(\S+)(?: # (.*))?$")
PLAN = re.compile(r"1\.\.(\d+)$")
TOTALS = re.compile(
    r"# pagoda: selftest: (\d+) passed, (\d+) failed, (\d+) skipped$")
PANIC = re.compile(r"^.*\bpanic: .*$", re.MULTILINE | re.IGNORECASE)


@dataclass
class Result:
    number: int
    name: str
    ok: bool
    skipped: bool
    reason: str = ""    # why it was skipped


@dataclass
class Level:
    """One level of KTAP: a plan, and the results that were read under it."""
    name: str
    plan: int = -1
    results: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    def add_plan(self, count):
        if self.plan >= 0:
            self.faults.append(f"{self.name}: a second plan")
        elif self.results:
            self.faults.append(f"{self.name}: plan after its first result")
        self.plan = count

    def add_result(self, result):
        if self.plan < 0 and not self.results:
            self.faults.append(f"{self.name}: result without a plan")
        if result.number != len(self.results) + 1:
            self.faults.append(f"{self.name}: result {result.number} where "
                               f"{len(self.results) + 1} was due")
        self.results.append(result)

    def close(self):
        if self.plan < 0:
            self.faults.append(f"{self.name}: no plan")
        elif self.plan != len(self.results):
            self.faults.append(f"{self.name}: plan of {self.plan}, "
                               f"but {len(self.results)} results")


@dataclass
class Report:
    """What a transcript says: the top level and the suites below it."""
    top: Level
    suites: dict
    faults: list


@dataclass
class Verdict:
    ok: bool
    text: str
    tests: int = 0      # results of tests, all suites together
    skipped: list = field(default_factory=list)

    def __bool__(self):
        return self.ok


def parse_result(line):
    match = RESULT.match(line)
    if not match:
        return None
    verdict, number, name, directive = match.groups()
    skipped = bool(directive and directive.upper().startswith("SKIP"))
    return Result(int(number), name, verdict == "ok", skipped,
                  directive[len("SKIP"):].strip() if skipped else "")


class Parser:
    """Reads a transcript line by line; unknown lines are the log's."""

    def __init__(self):
        self.top = Level("top level")
        self.inner = None       # the suite being read
        self.started = False
        self.report = Report(self.top, {}, [])

    def feed(self, line):
        if line == VERSION:
            if self.started:
                self.report.faults.append("the tests started twice")
            self.started = True
        elif self.started and line.startswith(INDENT):
            self.feed_inner(line[len(INDENT):])
        elif self.started:
            self.feed_top(line)

    def feed_inner(self, line):
        if line.startswith("# Subtest: "):
            self.inner = Level(line[len("# Subtest: "):])
        elif self.inner is None:
            if PLAN.match(line) or parse_result(line):
                self.report.faults.append(f"no suite owns: {line}")
        elif PLAN.match(line):
            self.inner.add_plan(int(PLAN.match(line).group(1)))
        elif parse_result(line):
            self.inner.add_result(parse_result(line))

    def feed_top(self, line):
        if PLAN.match(line):
            self.top.add_plan(int(PLAN.match(line).group(1)))
            return
        result = parse_result(line)
        if result:
            self.top.add_result(result)
            self.close_suite(result)

    def close_suite(self, result):
        suite = self.inner or Level(result.name)
        if suite.name != result.name:
            self.report.faults.append(
                f"tests of {suite.name} end with a result of {result.name}")
        suite.close()
        good = bool(suite.results) and all(r.ok for r in suite.results)
        if result.ok and not good:
            suite.faults.append(f"{suite.name}: ok, although not all of its "
                                "tests are")
        if not result.ok and good:
            suite.faults.append(f"{suite.name}: not ok, although all of its "
                                "tests are")
        if suite.name in self.report.suites:
            suite.faults.append(f"{suite.name}: there twice")
        self.report.suites[suite.name] = suite
        self.inner = None

    def close(self):
        if self.inner is not None:
            self.report.faults.append(
                f"{self.inner.name}: stopped after "
                f"{len(self.inner.results)} of {self.inner.plan} tests")
        self.top.close()
        return self.report


def parse(text):
    parser = Parser()
    for line in text.replace("\r", "").splitlines():
        parser.feed(line.rstrip())
    return parser.close()


def status_faults(status, timed_out):
    if timed_out:
        return ["it hung: stopped from outside after the time limit"]
    if status == STATUS_PASS:
        return []
    return [STATUS_WORDS.get(status, f"status {status} instead of 33")]


def suite_faults(report, expected):
    faults = [f"suite {name} is missing" for name in sorted(expected)
              if name not in report.suites]
    faults += [f"suite {name} is not one of the source tree's"
               for name in report.suites if name not in expected]
    for suite in report.suites.values():
        faults += suite.faults
        faults += [f"failed: {suite.name}.{r.name}" for r in suite.results
                   if not r.ok]
    faults += [f"failed: {r.name}" for r in report.top.results
               if not r.ok and r.name not in report.suites]
    return faults


def count_results(report):
    results = [r for s in report.suites.values() for r in s.results]
    skipped = sum(r.ok and r.skipped for r in results)
    failed = sum(not r.ok for r in results)
    return len(results) - skipped - failed, failed, skipped


def last_line_faults(text, report):
    lines = [l.rstrip() for l in text.replace("\r", "").splitlines()
             if l.strip()]
    match = TOTALS.match(lines[-1]) if lines else None
    if not match:
        return ["the last line is not the totals: "
                + (repr(lines[-1]) if lines else "there is none")]
    said = tuple(int(n) for n in match.groups())
    counted = count_results(report)
    if said != counted:
        return ["totals say %d passed, %d failed, %d skipped" % said
                + ", the results %d, %d, %d" % counted]
    return []


def judge(text, status, expected, timed_out=False):
    """The verdict on one run; `expected` is the set of suites' names."""
    if not text.strip():
        faults = ["no output"] + status_faults(status, timed_out)
        return Verdict(False, "\n".join(faults))
    faults = status_faults(status, timed_out)
    panic = PANIC.search(text)
    if panic:
        faults.append(panic.group(0).strip())
    report = parse(text)
    if not report.top.results and report.top.plan < 0:
        faults.append("no test has run: there is no plan")
    else:
        faults += report.top.faults
    faults += report.faults
    faults += suite_faults(report, expected)
    faults += last_line_faults(text, report)
    results = [(s.name, r) for s in report.suites.values() for r in s.results]
    if not faults and not any(not r.skipped for _, r in results):
        faults.append("not one test has run")
    return Verdict(not faults, "\n".join(faults) or "pass", len(results),
                   [f"{s}.{r.name}" for s, r in results if r.skipped])
