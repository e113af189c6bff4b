# SPDX-License-Identifier: MIT
"""smoke.py - the suites once, in the kernel or on the host, and a verdict

WHAT     `make smoke` runs both parts side by side, each as soon as its program
         is built; `make test T=SUBJECT` runs the suites of one subject. Only
         what is wrong is printed, and one line of verdict.

USAGE    smoke.py kernel|host [SUITE,SUITE...]    status 0: all passed
         smoke.py --about SUBJECT                 its suites, in both
SEE      judge.py, which says what "passed" means; subjects.py.
"""

import re
import subprocess
import sys
import time

import machine
import subjects
from judge import STATUS_PASS, judge

# The machine of the README, with user mode's programs.
SHAPE = machine.Shape("1G", "max")

WORTH_READING = re.compile(
    r" *(# failed at|# broken:|# \w+ leaked \d+ pages|not ok)|.*panic",
    re.IGNORECASE)
LINES_MAX = 40


def run_kernel(suites):
    words = "selftest" + ("=" + ",".join(suites) if suites else "")
    return machine.run(SHAPE, words, "selftest", archive=True)


def run_host(suites):
    program = machine.BUILD / "host" / "suites"
    try:
        done = subprocess.run(
            [program, *([",".join(suites)] if suites else [])], check=False,
            capture_output=True, timeout=machine.limit("host"))
    except subprocess.TimeoutExpired as late:
        return machine.Run(machine.decode(late.stdout), None, True,
                           machine.decode(late.stderr))
    # The host's success is status 0; the judge speaks of the kernel's 33.
    status = done.returncode or STATUS_PASS
    return machine.Run(machine.decode(done.stdout), status, False,
                       machine.decode(done.stderr))


PARTS = {
    "kernel": (run_kernel, subjects.source_suites),
    "host": (run_host, subjects.host_suites),
}


def worth_reading(done):
    lines = [line for line in done.text.splitlines()
             if WORTH_READING.match(line)]
    return lines[:LINES_MAX] + done.errors.splitlines()[:LINES_MAX]


def smoke(part, suites):
    """Run, print what is wrong and the verdict; did all pass?"""
    run, all_suites = PARTS[part]
    start = time.monotonic()
    done = run(suites)
    seconds = time.monotonic() - start
    verdict = judge(done.text, done.status, set(suites) or all_suites(),
                    done.timed_out)
    if not verdict.ok:
        print("\n".join(worth_reading(done) + [verdict.text]))
    print(f"{part}: {'passed' if verdict.ok else 'FAILED'}: {verdict.tests} "
          f"tests, {len(verdict.skipped)} of them skipped, "
          f"{seconds:.1f} s", flush=True)
    return verdict.ok


def smoke_about(subject):
    """Both parts, as far as they have suites of the subject."""
    verdicts = []
    for part, (_, all_suites) in PARTS.items():
        suites = subjects.about(all_suites(), subject)
        if suites:
            verdicts.append(smoke(part, suites))
    return all(verdicts)


def main(words):
    if len(words) == 2 and words[0] == "--about":
        return 0 if smoke_about(words[1]) else 1
    if not words or words[0] not in PARTS or len(words) > 2:
        sys.exit(f"usage: {sys.argv[0]} kernel|host [SUITE,SUITE...]")
    suites = words[1].split(",") if len(words) == 2 and words[1] else []
    return 0 if smoke(words[0], suites) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
