# SPDX-License-Identifier: MIT
"""test_lab_gradescope.py - a lab as an autograder of Gradescope

WHAT    Makes the zip, sets it up in a folder as Gradescope does, and grades a
        submission in it. Then who is graded with which seed, and what is taken
        from a folder of files.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from machine import BUILD, ROOT, limit
from test_lab_packs import LAB, git, handed_to, lab, second, submission, \
    with_bodies

sys.path.insert(0, str(LAB))

import courses      # noqa: E402  (needs the path above)
import gradescope   # noqa: E402
import handout      # noqa: E402
import pack         # noqa: E402

NAME = "kmap"
KEY = b"a key that nobody knows"
ROSTER_CSV = "id,email\nann,ann@example.org\nbob,bob@example.org\n"
TOP = {"score", "execution_time", "output", "output_format",
       "test_output_format", "test_name_format", "visibility",
       "stdout_visibility", "extra_data", "tests", "leaderboard"}
TEST = {"score", "max_score", "status", "name", "name_format", "number",
        "output", "output_format", "tags", "visibility", "extra_data"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}


def check_results(results):
    """The format of results.json as Gradescope describes it."""
    assert set(results) <= TOP
    assert isinstance(results["score"], (int, float))
    assert results.get("output_format", "text") in FORMATS
    for key in ("visibility", "stdout_visibility"):
        assert results.get(key, "visible") in VISIBILITY
    for test in results["tests"]:
        assert set(test) <= TEST
        assert 0 <= test["score"] <= test["max_score"]
        assert test["status"] in ("passed", "failed")
        assert isinstance(test["number"], str)
        assert all(isinstance(tag, str) for tag in test["tags"])
        assert test["output_format"] in FORMATS
        assert test["visibility"] in VISIBILITY
        assert isinstance(test["output"], str)


def write_roster(folder):
    (folder / "class.csv").write_text(ROSTER_CSV)
    return folder / "class.csv"


def test_a_pack_has_seeds_and_no_key(tmp_path):
    one = lab("buddy")
    data = pack.pack_json(one, KEY, write_roster(tmp_path))
    assert KEY.decode() not in json.dumps(data)
    assert [row["seed"] for row in data["students"]] == \
        [courses.seed_of(KEY, name, one) for name in ("ann", "bob")]
    people = gradescope.students(data, one, ["bob@example.org", "x@y"])
    assert people == [("bob", courses.seed_of(KEY, "bob", one))]
    data = pack.pack_json(one, KEY, None)
    assert gradescope.students(data, one, ["x@y"]) == \
        [("x@y", courses.seed_of(KEY, "x@y", one))]


def test_a_group_is_graded_with_the_seed_of_its_file():
    people = [("ann", 5), ("bob", 7)]
    assert gradescope.choose(people, 7) == ("bob", 7)
    assert gradescope.choose(people, None) == ("ann", 5)
    assert gradescope.choose(people, 99) == ("ann", 5)


def test_gradescope_finds_what_was_handed_in(tmp_path):
    one, work = lab("buddy"), tmp_path / "work"
    for names, expected in (
            (["submission-buddy (1).json"], "submission-buddy (1).json"),
            (["mm/page/buddy.c"], ""), (["a.json", "b.json"], "")):
        folder = tmp_path / names[0].replace("/", "-")
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("{}")
        assert gradescope.find(one, folder, work) == folder / expected
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "buddy.c").write_text("mine")
    (flat / "pcp.c").symlink_to("/etc/passwd")
    assert gradescope.find(one, flat, work) == work
    assert (work / "mm/page/buddy.c").read_text() == "mine"
    assert (work / "mm/page/pcp.c").is_symlink()    # the guard refuses it


@pytest.fixture(scope="module", name="autograder")
def make_autograder(tmp_path_factory, kernel):
    """A folder as Gradescope has it, after setup.sh."""
    folder = tmp_path_factory.mktemp("autograder")
    key = folder / "course.key"
    key.write_bytes(KEY)
    committed = folder / "root"
    commit_of_this_tree(committed)
    done = subprocess.run(
        [sys.executable, committed / "tools/lab/lab", "pack", "gradescope",
         NAME, "--out", folder / "F.zip", "--key", key, "--roster",
         write_roster(folder)],
        text=True, capture_output=True, check=False, timeout=limit("build"))
    assert done.returncode == 0, done.stderr
    for name in ("source", "submission", "bin"):
        (folder / name).mkdir()
    (folder / "bin/python3").symlink_to(sys.executable)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", folder / "F.zip",
                    folder / "source"], check=True)
    done = subprocess.run(
        ["sh", folder / "source/setup.sh"], text=True, capture_output=True,
        env=os.environ | {"AUTOGRADER": str(folder), "SETUP": "true"},
        check=False, timeout=limit("build"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " CC " not in done.stdout    # all objects came along
    return folder


def commit_of_this_tree(out):
    """A repository of the files as they are now, with this tree's objects."""
    for name in handout.git(ROOT, "ls-files", "-z").split("\0"):
        if name and (ROOT / name).exists():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, out / name, follow_symlinks=False)
    git(out, "init", "-q", "-b", "main")
    git(out, "add", "-A", "-f")
    handout.git(out, "commit", "-q", "-m", "all", env=handout.COMMIT_ENV)
    skipped = shutil.ignore_patterns("fresh", "mutants", "coverage")
    shutil.copytree(BUILD, out / "build", symlinks=True, ignore=skipped)


def test_the_zip_has_what_gradescope_needs(autograder):
    with zipfile.ZipFile(autograder / "F.zip") as zip_:
        modes = {entry.filename: entry.external_attr >> 16
                 for entry in zip_.infolist()}
        with zip_.open("tree.tar.gz") as stream, \
                tarfile.open(fileobj=stream) as tar:
            names = set(tar.getnames())
    assert set(modes) == {"setup.sh", "run_autograder", "pack.json", "targets",
                          "tree.tar.gz"}
    assert modes["setup.sh"] & modes["run_autograder"] & 0o111
    for name in ("tools/lab/lab", "build/pagoda.elf", "build/host/suites",
                 "build/mm/page/zone.c.o",
                 "docs/labs/04-buddy-and-zones/exam.c"):
        assert f"./{name}" in names, name


def run_autograder(folder, email, files):
    """(exit status, results or None, what it said)"""
    shutil.rmtree(folder / "submission")
    for name, text in files.items():
        (folder / "submission" / name).parent.mkdir(parents=True,
                                                    exist_ok=True)
        (folder / "submission" / name).write_text(text)
    (folder / "submission_metadata.json").write_text(json.dumps(
        {"users": [{"email": email, "id": 1234, "name": "A Student"}],
         "assignment": {"title": "Lab 4"}, "previous_submissions": []}))
    done = subprocess.run(
        ["sh", folder / "source/run_autograder"], text=True,
        capture_output=True, check=False, timeout=limit("build"),
        env=os.environ | {"AUTOGRADER": str(folder), "PATH":
                          f"{folder / 'bin'}:{os.environ['PATH']}"})
    results = folder / "results/results.json"
    return done.returncode, json.loads(results.read_text()) \
        if results.exists() else None, done.stdout + done.stderr


def test_run_autograder_gives_the_marks_of_lab_grade(autograder, tmp_path):
    """One exercise is right, the others are not done."""
    one = lab(NAME)
    seed = courses.seed_of(KEY, "ann", one)
    files = with_bodies(one, {
        "kmap_page_freed": second(one)["kmap_page_freed"]},
        handed_to(one, seed))
    text = submission(one, files, seed)
    status, results, said = run_autograder(
        autograder, "Ann@example.org", {f"submission-{NAME}.json": text})
    assert (status, results is not None) == (0, True), said
    check_results(results)
    by_number = {test["number"]: test for test in results["tests"]}
    assert by_number["5"]["status"] == "passed", said
    assert by_number["5"]["score"] == 20 == results["score"]
    assert by_number["1"]["tags"] == ["todo"]
    assert results["extra_data"]["seed"] == seed
    (tmp_path / "f.json").write_text(text)
    done = subprocess.run(
        [sys.executable, autograder / "grader/tools/lab/lab", "grade", NAME,
         "--seed", str(seed), "--submission", tmp_path / "f.json", "--out",
         tmp_path],
        text=True, capture_output=True, check=False, timeout=limit("build"))
    assert done.returncode == 1, done.stderr
    own = json.loads((tmp_path / "results.json").read_text())
    assert own["tests"] == results["tests"]


def test_run_autograder_refuses_with_zero_points(autograder):
    status, results, _ = run_autograder(autograder, "ann@example.org",
                                        {"notes.txt": "I was ill"})
    assert status == 0 and results["score"] == 0
    check_results(results)
    assert {tag for test in results["tests"] for tag in test["tags"]} == \
        {"refused"}


def test_a_stranger_gets_no_marks_at_all(autograder):
    """That is the instructor's to mend: the pack is older than the roster."""
    status, results, said = run_autograder(
        autograder, "eve@example.org", {f"submission-{NAME}.json": "{}"})
    assert (status, results) == (3, None)
    assert "the roster has nobody of eve@example.org" in said
