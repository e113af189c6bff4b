# SPDX-License-Identifier: MIT
"""test_lab_packs.py - what stands around the engine of the labs

WHAT    The workflow for GitHub and its annotations, the page about plain git,
        the Dockerfile, files for gradebooks, questions to a student, and which
        submissions are alike.
"""

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys

import pytest

from machine import ROOT

LAB = ROOT / "tools" / "lab"
sys.path.insert(0, str(LAB))

import annotate     # noqa: E402  (needs the path above)
import courses      # noqa: E402
import gradebook    # noqa: E402
import handout      # noqa: E402
import labs         # noqa: E402
import pack         # noqa: E402
import similar      # noqa: E402
import split        # noqa: E402
import viva         # noqa: E402

NAMES = ("pae", "buddy", "kmap", "ipc")


def lab(name):
    return labs.find(ROOT, name)


def with_bodies(one, texts, files=None):
    """The files as handed out, with other texts for some functions."""
    result = {}
    for path, text in (files or similar.handed_out(one)).items():
        result[path] = "".join(
            texts.get(chunk.name, chunk.text)
            if getattr(chunk, "name", None) in one.of_file(path)
            else chunk.text for chunk in split.split(text))
    return result


def second(one):
    """function -> text, of the second solution."""
    return {e.function: (one.path / "second" / f"{e.function}.c").read_text()
            for e in one.exercises}


def submission(one, files, seed=1):
    """What `make submission` writes."""
    return json.dumps({"lab": one.name, "seed": seed, "files": files})


# ---- which submissions are alike ---------------------------------------------

def renamed(text):
    """Each local name is another one, comments are gone, lines are joined in
    another way."""
    declared = set(re.findall(r"\b(?:unsigned|int|long|\*|bool|size_t) *\*?"
                              r"([a-z]\w*)(?=\s*[=;,)])", text))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = split.rename(text, {name: f"my_{name}" for name in declared})
    return text.replace("const ", "")


def reordered(one, files):
    """The exercises of each file in another order."""
    result = {}
    for path, text in files.items():
        chunks = split.split(text)
        mine = [chunk for chunk in chunks
                if getattr(chunk, "name", None) in one.of_file(path)]
        turned = iter(reversed(mine))
        result[path] = "".join(next(turned).text if chunk in mine else
                               chunk.text for chunk in chunks)
    return result


def text_of(one, id_, files):
    return similar.read_text(one, id_, files, similar.handed_out(one))


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_in_disguise_is_found_and_a_second_solution_is_not(name):
    one = lab(name)
    handed = similar.handed_out(one)
    files = with_bodies(one, second(one))
    copy = reordered(one, {path: renamed(text)
                           for path, text in files.items()})
    assert copy != files
    plain = text_of(one, "plain", one.plain())
    texts = [text_of(one, "second", files), text_of(one, "copy", copy), plain]
    own = similar.reference(one, handed)
    found, at, _ = similar.compare(texts, own)
    pairs = {(pair.a.id, pair.b.id): pair.likeness for pair in found}
    assert set(pairs) == {("second", "copy"), ("plain", similar.REFERENCE)}
    assert all(likeness > similar.MOST for likeness in pairs.values())
    weight = similar.weights(texts)
    assert similar.likeness(texts[0], plain, weight) < at - 0.1
    assert similar.likeness(texts[0], own, weight) < at - 0.1
    copied = next(p for p in found if p.b.id == "copy")
    functions = {line.split(": ")[1].split("(")[0] for line in copied.lines()}
    assert len(functions) >= len(one.exercises) // 2


def test_what_was_handed_out_is_nobodys_own():
    one = lab("buddy")
    assert not text_of(one, "stubs", similar.handed_out(one)).places


def test_a_limit_lies_outside_the_class():
    few = [0.1, 0.12, 0.08]
    assert similar.limit_of([]) == similar.limit_of(few) == similar.LEAST
    wide = [0.2, 0.4, 0.6, 0.3, 0.5, 0.7]
    assert similar.LEAST < similar.limit_of(wide) <= similar.MOST


def test_one_copied_function_is_found_in_a_class():
    """All write g() alike, and f() each alone, but for two of them."""
    rng, texts = random.Random(1), []
    for name in "abcdefg":
        places = {rng.random(): [("m.c", "f", n)] for n in range(30)}
        places |= {n: [("m.c", "g", n)] for n in range(30)}
        texts.append(similar.Text(name, places))
    copied = texts[2].part("f").places
    texts[5].places = texts[5].part("g").places | copied
    found = similar.compare_parts(texts, ["f", "g"])
    assert [(f, pair.a.id, pair.b.id) for f, pair in found] == \
        [("f", "c", "f")]
    assert not similar.compare_parts(texts[2:6], ["f", "g"])


def test_any_long_match_has_a_fingerprint():
    """The promise of winnowing, with random texts around a shared part."""
    rng = random.Random(1)
    for _ in range(200):
        shared, a, b = (
            [(rng.choice("abcdefgh"), 1) for _ in range(n)]
            for n in (similar.GRAM + similar.WINDOW - 1, rng.randrange(40),
                      rng.randrange(40)))
        prints = [{one for one, _ in similar.winnow(similar.grams(
            before + shared + behind))} for before, behind in
            ((a, b), (b, a))]
        assert prints[0] & prints[1]


def test_similar_reads_a_folder(tmp_path):
    one = lab("kmap")
    files = with_bodies(one, second(one))
    (tmp_path / "ann.json").write_text(submission(one, files))
    (tmp_path / "bob.json").write_text(submission(one, files, 2))
    (tmp_path / "cid.json").write_text(submission(one, one.plain()))
    (tmp_path / "dan.json").write_text(
        submission(one, similar.handed_out(one)))
    (tmp_path / "eve.json").write_text("no JSON")
    done = subprocess.run([sys.executable, LAB / "lab", "similar",
                           tmp_path], text=True,
                          capture_output=True, check=True)
    assert "100%  ann - bob\n" in done.stdout
    assert f"100%  cid - {similar.REFERENCE}\n" in done.stdout
    assert re.search(r"mm/kva/kmap.c: kunmap\(\) \d+-\d+ is like kunmap\(\)",
                     done.stdout)
    assert "not compared: dan: has nothing of its own" in done.stdout
    assert "not compared: eve: " in done.stdout
    assert "ann - cid" not in done.stdout


# ---- gradebooks --------------------------------------------------------------

ROSTER = [{"id": "s1", "name": "Doe, Jane", "login": "jane",
           "email": "jane@example.org", "section": "A"}, {"id": "s2"}]
GRADES = [{"id": "s1", "points": "15 0 7.5", "total": "22.5",
           "verdict": "fail"},
          {"id": "s2", "points": "0 0 0", "total": "0", "verdict": "refused"}]


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def test_canvas_gets_its_header_and_its_points():
    rows = rows_of(gradebook.canvas(lab("buddy"), GRADES, ROSTER))
    title = "Lab 4: Buddies and zones"
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", "100"],
        ["Doe, Jane", "", "s1", "jane", "A", "22.5"],
        ["s2", "", "s2", "s2", "", "0"]]


def test_moodle_gets_its_header_and_a_mark_with_each_feedback():
    rows = rows_of(gradebook.moodle(lab("buddy"), GRADES, ROSTER))
    title = "Lab 4: Buddies and zones"
    assert rows == [
        ["ID number", "Email address", f"{title} (Real)",
         f"{title} (Feedback)"],
        ["s1", "jane@example.org", "22.5", "exercises 1 to 3: 15 0 7.5"],
        ["s2", "", "0", "refused"]]


def test_no_title_looks_like_a_column_of_canvas():
    for name in NAMES:
        title = gradebook.title_of(lab(name))
        assert not re.search(r"\(\d+\)$|(?:Current|Final|Override) "
                             r"(?:Score|Points|Grade|Status)", title)


def test_gradebook_reads_grades_csv(tmp_path):
    (tmp_path / "class.csv").write_text("id,name\ns1,Doe Jane\n")
    (tmp_path / "grades.csv").write_text(
        ",".join(courses.COLUMNS) + "\n" + ",".join(
            {"id": "s1", "total": "22.5", "points": "15 0 7.5",
             "verdict": "fail"}.get(name, "") for name in courses.COLUMNS))
    for lms in gradebook.SYSTEMS:
        subprocess.run([sys.executable, LAB / "lab", "gradebook", "buddy",
                        "--lms", lms,
                        "--grades", tmp_path / "grades.csv",
                        "--roster", tmp_path / "class.csv"], check=True,
                       stdout=subprocess.DEVNULL)
        assert "22.5" in (tmp_path / f"grades-{lms}.csv").read_text()
    done = subprocess.run([sys.executable, LAB / "lab", "gradebook",
                           "buddy", "--lms", "x",
                           "--grades", "f", "--roster", "f"], check=False,
                          capture_output=True)
    assert done.returncode == 4


# ---- questions ---------------------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
def test_viva_asks_about_what_is_done(name, tmp_path):
    one, seed = lab(name), 17
    handed = handed_to(one, seed)
    (tmp_path / "f.json").write_text(submission(
        one, with_bodies(one, second(one), handed), seed))
    texts, old = viva.read(one, tmp_path / "f.json", seed)
    assert old == handed
    found = viva.questions(one, texts, old, seed)
    assert 3 <= len(found) <= viva.MOST
    assert found == viva.questions(one, texts, old, seed)
    others = [viva.questions(one, texts, handed_to(one, s), s)
              for s in range(1, 6)]
    assert all(other != found for other in others)
    sheet = viva.sheet(one, "ann", found, True)
    assert sheet.count("**Answer:**") == len(found)
    assert "**Answer:**" not in viva.sheet(one, "ann", found, False)
    assert "FUNCTION" not in sheet and "LAB_TODO" not in sheet


def handed_to(one, seed):
    """The files of the tree of a seed."""
    references = one.twisted(one.plain(), one.choose_twists(seed))
    return {path: handout.with_stubs(one, path, text)
            for path, text in references.items()}


def test_viva_asks_nothing_about_stubs():
    one = lab("buddy")
    handed = handed_to(one, 1)
    with pytest.raises(viva.Refused, match="nothing to ask"):
        viva.questions(one, handed, handed, 1)
    half = with_bodies(one, {"set_marks": second(one)["set_marks"]}, handed)
    found = viva.questions(one, half, handed, 1)
    assert {question.exercise for question in found} == {5}


def test_a_lab_without_code_says_so(tmp_path):
    look = lab("look")
    (tmp_path / "ann.json").write_text('{"lab": "look"}')
    for what in (lambda: viva.read(look, tmp_path / "ann.json", 1),
                 lambda: list(similar.report(ROOT, tmp_path)),
                 lambda: pack.gradescope(ROOT, look, tmp_path / "f", b"")):
        with pytest.raises(labs.LabError, match="this lab "):
            what()
    rows = rows_of(gradebook.canvas(look, GRADES, ROSTER))
    assert rows[0][5:] == ["Lab 0: Boot and look"] and rows[1][5] == "100"


def test_viva_runs_nothing_that_the_guard_refuses(tmp_path):
    one = lab("kmap")
    files = {path: text + "\nvoid hostile(void)\n{\n}\n"
             for path, text in handed_to(one, 1).items()}
    (tmp_path / "f.json").write_text(submission(one, files))
    with pytest.raises(viva.Refused, match="rule G1"):
        viva.read(one, tmp_path / "f.json", 1)
    done = subprocess.run([sys.executable, LAB / "lab", "viva", "kmap",
                           "--seed", "1",
                           "--submission", tmp_path / "f.json"], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 2 and "rule G1" in done.stderr


def test_a_mutant_changes_one_line_of_the_students_own():
    one = lab("buddy")
    handed = handed_to(one, 1)
    texts = with_bodies(one, second(one), handed)
    lines = viva.own_lines(one, texts, handed)
    found = viva.mutants(lines, random.Random(1))
    assert len(found) > 10
    for line, new in found:
        changed = viva.with_line(texts, line, new)
        old = texts[line.exercise.file].splitlines()
        now = changed[line.exercise.file].splitlines()
        different = [i for i, pair in enumerate(zip(old, now), 1)
                     if pair[0] != pair[1]]
        assert len(old) == len(now) and different == [line.number]
        assert "assert" not in line.text and "return" not in line.text


class FakeBench(viva.Bench):
    """Knows which line a test watches."""

    def __init__(self, watched):
        super().__init__(None, lab("buddy"))
        self.watched, self.now = watched, ""

    def build(self, texts, *_):
        self.now = "".join(texts.values())
        return True, ""

    def check(self, texts):
        self.build(texts)

    def run(self, exercise, pairs):
        verdict = "pass" if self.watched in self.now else "fail"
        return {pair: viva.grade.Outcome(verdict, ("# what it says",))
                for pair in pairs}


@pytest.mark.parametrize("is_watched", (True, False))
def test_a_mutant_that_no_test_sees_is_no_question(is_watched):
    one = lab("buddy")
    handed = handed_to(one, 1)
    texts = with_bodies(one, second(one), handed)
    line, new = next(
        pair for pair in viva.mutants(viva.own_lines(one, texts, handed),
                                      random.Random(1))
        if "".join(texts.values()).count(pair[0].text + "\n") == 1)
    bench = FakeBench(line.text + "\n" if is_watched else "\n")
    bench.check(texts)
    found = bench.question(texts, line, new)
    assert bool(found) == is_watched
    if found:
        assert f"line {line.number} of" in found.text
        assert "what it says" in found.answer


# ---- plain git ---------------------------------------------------------------

FAKE_LAB = """#!/bin/sh
set -e
for id in ann bob; do
	case $1 in
	make-class)
		mkdir -p trees/$id && cd trees/$id
		git init -q -b main && echo 0 > work && git add work
		git commit -q -m handed-out && cd ../.. ;;
	grade-class)
		mkdir -p marks/$id
		cp handed-in/$id/work marks/$id/report.md ;;
	esac
done
"""


def shell(folder, text, **words):
    return subprocess.run(
        ["sh", "-e", "-c", text], cwd=folder, text=True, capture_output=True,
        check=False, env=os.environ | handout.COMMIT_ENV |
        {"store": str(folder / "store")} | words)


def test_the_page_about_plain_git_works(tmp_path):
    """All its commands, with a `lab` of our own and two students."""
    (tmp_path / "tools/lab").mkdir(parents=True)
    (tmp_path / "tools/lab/lab").write_text(FAKE_LAB)
    (tmp_path / "tools/lab/lab").chmod(0o755)
    (tmp_path / "store").mkdir()
    page = (ROOT / "docs/labs/plain-git.md").read_text()
    names, out, collect, back = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    work = "git clone -q store/ann.git ann && cd ann && echo 1 > work && " \
           "git commit -qam mine && git push -q"
    for step in (names + out, work, names + collect, names + back):
        done = shell(tmp_path, step)
        assert done.returncode == 0, done.stderr
    read = "cd ann && git fetch -q && git show origin/marks:report.md"
    assert shell(tmp_path, read).stdout == "1\n"
    assert (tmp_path / "marks/bob/report.md").read_text() == "0\n"
    rewrite = "cd ann && git commit -q --amend -m x && git push -q --force"
    assert shell(tmp_path, rewrite).returncode


def test_nothing_is_taken_after_the_deadline(tmp_path):
    page = (ROOT / "docs/labs/plain-git.md").read_text()
    hook = re.search(r"cat > pre-receive.*?\nEND\n", page, re.DOTALL)[0]
    for deadline, late in (("2001-01-01 12:00", True),
                           ("2037-01-01 12:00", False)):
        assert shell(tmp_path, hook, deadline=deadline).returncode == 0
        done = shell(tmp_path, "sh ./pre-receive", deadline=deadline)
        assert bool(done.returncode) == late
        assert (f"the deadline was {deadline}" in done.stderr) == late


# ---- GitHub ------------------------------------------------------------------

@pytest.fixture(scope="module", name="tree")
def make_tree(tmp_path_factory):
    out = tmp_path_factory.mktemp("trees") / "ann"
    handout.make(lab("kmap"), 3, out)
    return out


def git(tree, *words):
    return handout.git(tree, *words).strip()


def test_a_workflow_comes_into_a_tree_as_its_second_commit(tree):
    first = git(tree, "rev-parse", "HEAD")
    for _ in range(2):
        assert pack.github(lab("kmap"), tree.parent) == 1
    assert git(tree, "rev-list", "--count", "HEAD") == "2"
    assert git(tree, "rev-parse", "HEAD~") == first
    assert git(tree, "diff", "--name-only", "HEAD~") == str(pack.WORKFLOW)
    assert not git(tree, "status", "--porcelain")
    with pytest.raises(labs.LabError, match="no tree of lab"):
        pack.github(lab("buddy"), tree.parent)


def test_the_workflow_calls_only_what_is_in_a_tree(tree):
    text = (LAB / "pack/github/grade.yml").read_text()
    for command in re.findall(r"run: (.*)", text):
        file = next(word for word in command.split() if "/" in word)
        assert (tree / file).is_file(), command
    for word in ("push:", "results.xml", "report.md", "if: always()",
                 "contents: read"):
        assert word in text
    yaml = pytest.importorskip("yaml")
    steps = yaml.safe_load(text)["jobs"]["grade"]["steps"]
    assert [list(step)[0] for step in steps] == \
        ["uses", "name", "name", "uses"]


REPORT = """\
  0.0/20  exercise 1, flush_unused_locked(): wrong: it does not come back
    - one, with 50 %: does not come back within 3 s of CPU time
      it was in flush_unused_locked() at mm/kva/kmap.c:130: `for (;;)`
    - two: slot is 3, expected 4
      tests/suites/kmap.c:80: EXPECT_EQ(slot, 4);"""
WRONG = """\
  5.0/25  exercise 2, slot_take_locked(): wrong
    - three: slot is 3, expected 4
      tests/suites/kmap.c:90: EXPECT_EQ(slot, 4);"""


def test_annotations_stand_at_the_students_lines(tree):
    one = labs.Lab(tree, lab("kmap").folder)
    tests = [
        {"number": "1", "status": "failed", "output": REPORT},
        {"number": "2", "status": "failed", "output": WRONG},
        {"number": "3", "status": "failed", "output":
         "  0.0/20  exercise 3, kmap_try(): not done yet, mm/kva/kmap.c:250"},
        {"number": "4", "status": "passed", "output": ""}]
    (tree / "results.json").write_text(json.dumps({"tests": tests}))
    found = annotate.annotations(one, 1, "")
    at = annotate.first_line(one, one.exercises[1])
    line = (tree / "mm/kva/kmap.c").read_text().splitlines()[at - 1]
    assert "slot_take_locked(" in line
    assert found == [
        "::error file=mm/kva/kmap.c,line=130,title=exercise 1::"
        "exercise 1, flush_unused_locked(): wrong: it does not come back%0A"
        "one, with 50 %25: does not come back within 3 s of CPU time%0A"
        "two: slot is 3, expected 4",
        f"::error file=mm/kva/kmap.c,line={at},title=exercise 2::"
        "exercise 2, slot_take_locked(): wrong%0A"
        "three: slot is 3, expected 4",
        "::notice file=mm/kva/kmap.c,line=250,title=exercise 3::not done yet"]


def test_a_compilers_error_is_annotated_where_it_is(tree):
    one = labs.Lab(tree, lab("kmap").folder)
    text = "it does not compile:\nmm/kva/kmap.c:99:5: error: no `slo`, or\n" \
           "lib/list.h:3:1: error: not the student's\n"
    assert annotate.annotations(one, 2, text) == [
        "::error file=mm/kva/kmap.c,line=99,title=it does not compile::"
        "no `slo`, or"]
    assert annotate.annotations(one, 3, "a%b\n") == \
        ["::error title=lab::a%25b"]


# ---- one list of packages ----------------------------------------------------

def test_the_packages_are_named_in_one_place():
    files = [LAB / "pack/Dockerfile", LAB / "pack/github/grade.yml",
             LAB / "pack/gradescope/setup.sh"]
    for file in files:
        text = file.read_text()
        assert re.search(r"setup\}? grade", text), file
        assert not re.search(r"apt(-get)?\b[^\n]* install|qemu-system", text), \
            file


def copied():
    """(file, folder) of each file that the Dockerfile copies."""
    text = (LAB / "pack/Dockerfile").read_text()
    return [(name, folder) for names, folder in
            re.findall(r"^COPY (.*) (\S+)$", text, re.MULTILINE)
            for name in names.split()]


def test_the_dockerfile_copies_what_setup_reads(tmp_path):
    """The copied files alone find that all is here; with one file less they
    do not."""
    for name, folder in copied():
        target = tmp_path / folder.strip("/")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    setup = [tmp_path / "opt/pagoda/tools/setup", "-n", "grade"]
    done = subprocess.run(setup, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "opt/pagoda/tools/gdb/debug").unlink()
    done = subprocess.run(setup, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "missing: gdb" in done.stderr


def test_setup_grade_asks_for_what_grading_runs(tmp_path):
    """The Dockerfile's files alone, on a system that has nothing."""
    log = tmp_path / "log"
    for name in ("sh", "tr", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name, body in (("id", "echo 0"), ("apt-get", f'echo "$@" >> {log}')):
        (tmp_path / name).write_text(f"#!{shutil.which('sh')}\n{body}\n")
        (tmp_path / name).chmod(0o755)
    shutil.copy(ROOT / "tools/needs.sh", tmp_path)
    shutil.copy(ROOT / "tools/setup", tmp_path)
    subprocess.run([tmp_path / "setup", "grade"], check=False,
                   env={"PATH": str(tmp_path)}, capture_output=True)
    asked = log.read_text().split()
    for package in ("make", "gcc", "gcc-i686-linux-gnu", "libc6-dev", "git",
                    "qemu-system-x86", "gdb"):
        assert package in asked
    for package in ("clang", "bochs", "python3-pytest"):
        assert package not in asked
