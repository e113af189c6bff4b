# SPDX-License-Identifier: MIT
"""report.py - what a grading found, for people and for programs

WHAT     The report for the student (report.md), results.json in the form of
         Gradescope, results.xml in the form of JUnit, a row of grades.csv.

ALGORITHM  At most three failures of an exercise are shown; the others are
         counted. Tests that count for fewer exercises come first: they are
         nearer to the function. A failure says what was expected and what came,
         where, and shows the line of the test.
"""
import json
import re
import xml.etree.ElementTree as xml

FAILURES_SHOWN = 3
FAILED_AT = re.compile(r"# failed at ([^:]+):(\d+): (.*)")
FRAME = re.compile(r"#\d+ 0x[0-9a-f]+ in (?:student_)?(\w+) (\S+?):(\d+)")
BACKTRACE = re.compile(r"#\s+[0-9a-f]{8}  student_(\w+)\+0x")
PANIC = re.compile(r"# (?:pagoda: )?panic: (.*)")
SANITIZER = re.compile(r"(?:ERROR: \w+Sanitizer: |runtime error: )(.*)")

WORDS = {
    "pass": "done", "fail": "wrong", "panic": "wrong: the kernel panics",
    "crash": "wrong: it crashes", "hang": "wrong: it does not come back",
    "refused": "refused", "lied": "0 points: the report is not the kernel's",
    "not-run": "not run",
}


def words_of(pair):
    """ "merges_upwards" as a person says it. """
    return pair[1].replace("_", " ")


def source_line(root, file, line):
    try:
        return (root / file).read_text().splitlines()[int(line) - 1].strip()
    except (OSError, IndexError):
        return ""


def place_of(outcome, files):
    """(function, file, line) of the first frame in the student's files."""
    for line in outcome.lines:
        found = FRAME.search(line)
        if found:
            name, file, number = found.groups()
            for one in files:
                if file.endswith(one):
                    return name, one, int(number)
    return None


def where_of(outcome, root, files):
    """A line about the student's code in which a test ended; [] if it did not
    end there. The kernel's backtrace has names only."""
    place = place_of(outcome, files)
    if place:
        function, file, line = place
        text = source_line(root, file, line)
        return [f"it was in {function}() at {file}:{line}: `{text}`"]
    names = BACKTRACE.findall("\n".join(outcome.lines))
    return [f"it was in {names[0]}()"] if names else []


def in_words(pair, outcome, root, files, limit=None):
    """One failure: a list of lines, the first one without a file. `limit`: CPU
    time of one test; None in the kernel, where a boot has a limit."""
    name, where = words_of(pair), where_of(outcome, root, files)
    if outcome.verdict == "hang":
        within = f" within {limit} s of CPU time" if limit else ""
        return [f"{name}: does not come back{within}", *where]
    for line in outcome.lines:
        failed, panic = FAILED_AT.search(line), PANIC.search(line)
        wrong = SANITIZER.search(line)
        if failed:
            file, number, text = failed.groups()
            return [f"{name}: {text}",
                    f"{file}:{number}: {source_line(root, file, number)}"]
        if panic:
            text = panic[1].replace("student_", "")
            return [f"{name}: panic: {text}", *where]
        if wrong:
            return [f"{name}: {wrong[1]}", *where]
    rest = outcome.lines[0].lstrip("# ") if outcome.lines else \
        "the program ended without a result"
    return [f"{name}: {rest}", *where]


# ---- the report --------------------------------------------------------------

class Report:
    """The words about some marks. `root`: the tree that was graded."""

    def __init__(self, lab, marks, root, limit, hints=None):
        self.lab, self.marks, self.root = lab, marks, root
        self.limit, self.hints = limit, hints or {}

    @property
    def score(self):
        return round(sum(mark.earned for mark in self.marks), 2)

    @property
    def most(self):
        return sum(mark.points for mark in self.marks)

    def limit_of(self, place):
        return self.limit if place == "host" else None

    def exercises_of(self, pair):
        """For how many exercises does a test count?"""
        return sum(".".join(pair) in tests
                   for tests in self.lab.counts().values())

    def failures(self, mark):
        """Lines about what failed, at most three, the others counted."""
        places, lines = list(mark.outcomes), []
        failures = sorted(mark.failures(), key=lambda one: (
            places.index(one[0]), self.exercises_of(one[1])))
        for place, pair, outcome in failures[:FAILURES_SHOWN]:
            first, *more = in_words(pair, outcome, self.root,
                                    [mark.exercise.file],
                                    self.limit_of(place))
            where = "" if place == "host" else " (in the kernel)" \
                if place == "kernel" else " (the kernel with your function)"
            lines.append(f"    - {first}{where}")
            lines += [f"      {line}" for line in more]
        left = len(failures) - FAILURES_SHOWN
        if left > 0:
            lines.append(f"      and {left} more")
        if mark.not_run:
            lines.append(f"      {mark.not_run} tests did not run after that")
        return lines

    def of_mark(self, mark):
        e, verdict = mark.exercise, mark.verdict
        head = f"{mark.earned:5.1f}/{mark.points:<3g} exercise {e.n}, " \
               f"{e.function}(): "
        if verdict == "todo":
            return [f"{head}not done yet, {e.file}:{mark.todo}"]
        if verdict == "refused":
            return [head + "refused", *(f"    - {line}" for line in
                                        mark.refused.splitlines())]
        lines = [head + WORDS[verdict]]
        if verdict != "pass":
            lines += self.failures(mark)
            lines += [f"      hint: {hint}"
                      for hint in self.hints.get(e.n, ())]
        return lines

    def lines(self):
        lines = [line for mark in self.marks for line in self.of_mark(mark)]
        own = [str(mark.exercise.n) for mark in self.marks if mark.right]
        kernel = "the kernel runs without a function of yours"
        if own:
            kernel = f"the kernel runs with exercise{'s' * (len(own) > 1)} " \
                     f"{', '.join(own)} of yours"
        return lines + [f"{self.score:5.1f}/{self.most:<3g} {kernel}"]

    def text(self):
        return "\n".join(self.lines()) + "\n"

    def markdown(self):
        data = self.lab.data
        return f"# Lab {data['number']}: {data['title']}\n\n```text\n" \
               f"{self.text()}```\n"

    # ---- for programs --------------------------------------------------------

    def of_gradescope(self, mark):
        passed = mark.right
        return {
            "number": str(mark.exercise.n),
            "name": f"exercise {mark.exercise.n}, {mark.exercise.function}()",
            "name_format": "text",
            "score": round(mark.earned, 2), "max_score": mark.points,
            "status": "passed" if passed else "failed",
            "output": "\n".join(self.of_mark(mark)), "output_format": "text",
            "tags": [mark.verdict], "visibility": "visible",
            "extra_data": {"places": {
                place: {"passed": sum(o.passed for o in found.values()),
                        "of": len(found)}
                for place, found in mark.outcomes.items()}},
        }

    def exam(self):
        """What the secret seed and the look from outside said, as a test of
        its own: students see it when all marks are published."""
        wrong = [f"exercise {mark.exercise.n}: {mark.exam}"
                 for mark in self.marks if mark.exam]
        return {
            "number": "exam", "name": "exam, with a seed that nobody knows",
            "name_format": "text", "score": 0, "max_score": 0,
            "status": "failed" if wrong else "passed",
            "output": "\n".join(wrong) or "as the model says",
            "output_format": "text", "tags": ["lied" if wrong else "pass"],
            "visibility": "after_published", "extra_data": {},
        }

    def results_json(self, seconds, extra, examined=False):
        tests = [self.of_gradescope(mark) for mark in self.marks]
        return json.dumps({
            "score": self.score, "execution_time": round(seconds, 1),
            "output": self.markdown(), "output_format": "md",
            "visibility": "visible", "stdout_visibility": "hidden",
            "extra_data": extra | {"verdicts": {
                str(mark.exercise.n): mark.verdict for mark in self.marks}},
            "tests": tests + ([self.exam()] if examined else []),
        }, indent=2) + "\n"

    def results_xml(self):
        suites = xml.Element("testsuites", name=f"lab {self.lab.name}")
        for mark in self.marks:
            self.add_suite(suites, mark)
        xml.indent(suites)
        return xml.tostring(suites, encoding="unicode") + "\n"

    def add_suite(self, suites, mark):
        e = mark.exercise
        suite = xml.SubElement(suites, "testsuite",
                               name=f"exercise {e.n}, {e.function}()")
        if not mark.outcomes:
            case = xml.SubElement(suite, "testcase", name=e.function,
                                  classname=self.lab.name)
            tag = "skipped" if mark.todo else "failure"
            xml.SubElement(case, tag, message=" ".join(self.of_mark(mark)))
        for place, found in mark.outcomes.items():
            for pair, outcome in found.items():
                self.add_case(suite, mark, place, pair, outcome)
        for kind, tag in (("tests", "testcase"), ("failures", ".//failure"),
                          ("skipped", ".//skipped")):
            suite.set(kind, str(len(suite.findall(tag))))

    def add_case(self, suite, mark, place, pair, outcome):
        case = xml.SubElement(suite, "testcase", name=pair[1],
                              classname=f"{place}.{pair[0]}")
        if outcome.verdict in ("skip", "none"):
            why = outcome.lines[0] if outcome.lines else "it did not run"
            xml.SubElement(case, "skipped", message=why)
        elif not outcome.passed:
            words = in_words(pair, outcome, self.root, [mark.exercise.file],
                             self.limit_of(place))
            xml.SubElement(case, "failure", type=outcome.verdict,
                           message=words[0]).text = "\n".join(words)
