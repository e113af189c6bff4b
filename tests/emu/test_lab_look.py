# SPDX-License-Identifier: MIT
"""test_lab_look.py - lab 0: the grader finds what the kernel itself says

WHAT     For three seeds a student's tree is made. The right answers come from
         the words of the kernel's monitor. The grader, which never asks the
         kernel, must give full marks for them.

TERMS    right  question -> value, as the grader found it
"""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from machine import BUILD, ROOT, limit
from monitor import Session

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import courses           # noqa: E402  (needs the path above)
import handout           # noqa: E402
import labs              # noqa: E402
import look              # noqa: E402
import look_answers      # noqa: E402
import runs              # noqa: E402

SEEDS = (17, 19)


def the_lab():
    return labs.find(ROOT, "look")


# ---- answers from the monitor's words ----------------------------------------

def only(pattern, text):
    """The one group of the first match."""
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"{pattern}\n{text[-800:]}"
    return found[1]


def zone_line(text, zone, name):
    """A number of a zone in the text of zoneinfo."""
    part = text.partition(f"zone {zone:>8}")[2].partition("Node 0")[0]
    return only(rf"^\s+{name}\s+(\d+)$", part)


def held_at(session, number):
    """Address or frame of what is held under a number."""
    return int(only(rf"^{number}: +\w+ +(?:pfn )?0x([0-9a-f]+)",
                    session.run("alloc")), 16)


def type_the_lines(session, ask):
    """As LAB.md says."""
    session.run(f"alloc page {ask['order']}")
    session.run(f"alloc dma {ask['dma_order']}")
    session.run(f"alloc vmalloc {ask['pages'] * 4}K")
    frame = only(r"^4: highmem +pfn (0x\w+)", session.run("alloc highmem 0"))
    for _ in range(ask["users"]):
        session.run(f"alloc kmap {frame}")
    session.run(f"alloc ioremap 0x{ask['register']:x}")
    return frame


def address_in_image(kernel, name):
    text = subprocess.run(["nm", kernel], check=True, capture_output=True,
                          text=True).stdout
    return int(only(rf"^(\w+) \w {name}$", text), 16)


def words_of_map(session, ask):
    boot, info = session.boot, session.run("zoneinfo")
    return {
        1: "0x" + only(r"lowmem +: 0x\w+ - 0x(\w+)", boot),
        2: "0x" + only(r"vmalloc : 0x(\w+)", boot),
        3: only(r"Memory: \d+K/(\d+)K", boot),
        4: zone_line(info, ask["zone"], "managed"),
        5: zone_line(info, ask["mark_zone"], ask["mark"]),
        6: only(r"paging: (\d+) pages of 2 MiB", boot),
        7: only(r"NX (on|off)", boot),
    }


def bits_in_words(text):
    names = re.findall(r"^  (\w+) +1  ", text, re.MULTILINE)
    return " ".join(name for name in names if name not in ("A", "D"))


def words_of_walks(session, ask, kernel):
    top = session.run("walk c0000000")
    variable = address_in_image(kernel, ask["symbol"])
    symbol = address_in_image(kernel, ask["bits_symbol"])
    walk = session.run(f"walk {ask['address']:x}")
    entry = int(only(r"is 0x(\w{16})", session.run(f"pte {ask['address']:x}")),
                16)
    return {
        8: only(r"CR3 (0x\w+)", top),
        9: only(r"PDPTE.*-> table at (0x\w+)", top),
        10: only(r"^  is (0x\w+)", session.run(f"walk {variable:x}")),
        11: only(r"PDE\[ *(\d+)\]", walk),
        12: f"0x{entry & ~0x60:016x}",
        13: bits_in_words(session.run(f"pte {symbol:x}")),
    }


def words_of_frames(session, ask, frame):
    row = only(rf"zone +{ask['free_zone']} +(.*)", session.run("buddyinfo"))
    page = held_at(session, 3) + (ask["page"] - 1) * 4096
    device = held_at(session, 4 + ask["users"] + 1)
    walk = session.run(f"walk {device:x}")
    table = int(only(r"PDE.*-> table at 0x(\w+)", walk), 16)
    slot = only(r"kmap +slot (\d+)", session.run(f"page {frame}"))
    return {
        14: row.split()[ask["free_order"]],
        15: hex(held_at(session, 1) ^ 1 << ask["order"]),
        16: only(r"^  is (0x\w+)", session.run(f"walk {page:x}")),
        17: slot,
        18: only(r"0x\w+ +count (\d+)", session.run("kmap")),
        19: hex(table + 8 * int(only(r" PTE\[ *(\d+)\]", walk))),
    }


def word_of_program(seed, **image):
    """What the monitor says after the `exit` of the shell."""
    found, ask = look.machine_of(seed), look.asked(seed)
    session = Session(f"vmalloc={found['vmalloc']}M", f"{found['mem']}M",
                      found["cpu"], prompt="\n$ ", **image)
    try:
        session.child.send("exit\r")
        session.until()
        return only(r"^  is (0x\w+)", session.run(
            f"walk {ask['program_page']:x} 1"))
    finally:
        session.close()


def answers_from_words(folder, seed):
    """question -> text"""
    image = {"kernel": folder / "pagoda.elf", "archive": folder / "boot.cpio"}
    found, ask = look.machine_of(seed), look.asked(seed)
    session = Session(f"monitor vmalloc={found['vmalloc']}M",
                      f"{found['mem']}M", found["cpu"], **image)
    try:
        frame = type_the_lines(session, ask)
        answers = words_of_map(session, ask) | \
            words_of_walks(session, ask, image["kernel"]) | \
            words_of_frames(session, ask, frame)
    finally:
        session.close()
    return answers | {20: word_of_program(seed, **image)}


# ---- the trees ---------------------------------------------------------------

def text_of(answers):
    return "".join(f"{n}: {value}\n" for n, value in answers.items())


@pytest.fixture(scope="module", params=SEEDS)
def student(request, kernel, tmp_path_factory):
    """(lab of the tree, its seed, the answers as text, the right values)"""
    seed, folder = request.param, tmp_path_factory.mktemp("look")
    handout.make(the_lab(), seed, folder / "tree")
    lab = labs.Lab(folder / "tree", the_lab().folder)
    answers = answers_from_words(lab.path / "image", seed)
    return lab, seed, answers, look.find_right(lab.path / "image", seed)


def grade(lab, text, *words):
    """`lab grade` in the tree, with these answers."""
    if text is not None:
        (lab.root / look.ANSWERS).write_bytes(
            text if isinstance(text, bytes) else text.encode())
    return subprocess.run(
        [sys.executable, lab.root / "tools/lab/lab", "grade", *words],
        cwd=lab.root, capture_output=True, text=True, check=False,
        timeout=limit("debug"))


def marks(lab, right, answers):
    return look.marks_of(lab, look.answers_of(text_of(answers)), right)


# ---- marks -------------------------------------------------------------------

def test_what_the_monitor_says_is_right(student):
    lab, _, answers, right = student
    wrong = [(mark.exercise.n, answers[mark.exercise.n],
              right[mark.exercise.n])
             for mark in marks(lab, right, answers) if not mark.right]
    assert not wrong
    assert sum(mark.earned for mark in marks(lab, right, answers)) == 100


def other(n, value):
    """Another value of the same form."""
    kind = look_answers.QUESTIONS[n].kind
    if kind == "word":
        return "off" if value == "on" else "on"
    if kind == "bits":
        return value + " US" if "US" not in value else "P"
    return hex(int(value, 0) + 1) if kind == "hex" else str(int(value) + 1)


@pytest.mark.parametrize("n", range(1, 21))
def test_a_wrong_value_costs_its_own_points(student, n):
    lab, _, answers, right = student
    given = marks(lab, right, answers | {n: other(n, answers[n])})
    assert [mark.exercise.n for mark in given if not mark.right] == [n]
    assert sum(mark.earned for mark in given) == 95
    given = marks(lab, right, {k: answers[k] for k in answers if k != n})
    assert [mark.exercise.n for mark in given
            if mark.verdict == "todo"] == [n]
    assert sum(mark.earned for mark in given) == 95


def test_the_whole_command(student):
    lab, seed, answers, right = student
    done = grade(lab, text_of(answers))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "100.0/100 20 of 20 questions"
    results = json.loads((lab.root / "results.json").read_text())
    assert results["score"] == 100 and len(results["tests"]) == 20
    assert results["extra_data"]["seed"] == seed
    tree = xml.fromstring((lab.root / "results.xml").read_text())
    assert len(tree) == 20 and not tree.findall(".//failure")

    bad = {n: other(n, answers[n]) for n in (1, 7, 14)}
    done = grade(lab, text_of(answers | bad))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == " 85.0/100 17 of 20 questions"
    assert done.stdout.count("hint: ") == 3
    assert f"{right[1]:x}" not in done.stdout
    results = json.loads((lab.root / "results.json").read_text())
    assert [test["number"] for test in results["tests"]
            if test["status"] == "failed"] == ["1", "7", "14"]
    assert "# Lab 0" in (lab.root / "report.md").read_text()


# ---- the file ----------------------------------------------------------------

def test_crlf_and_a_mark_of_order_are_fine(student):
    lab, _, answers, right = student
    text = "\ufeff# mine\r\n" + text_of(answers).replace("\n", "\r\n")
    (lab.root / look.ANSWERS).write_bytes(text.encode())
    given = look.marks_of(lab, look.read_answers(lab.root / look.ANSWERS),
                          right)
    assert all(mark.right for mark in given)


@pytest.fixture(name="plain", scope="module")
def plain_tree(kernel, tmp_path_factory):
    """A tree, without a look at its machine."""
    out = tmp_path_factory.mktemp("plain") / "tree"
    handout.make(the_lab(), 5, out)
    return labs.Lab(out, the_lab().folder)


BAD = {
    "binary": b"1: 2\n\0\0\n", "not utf-8": b"1: \xff\xfe\n",
    "huge": b"#" * (look.ANSWERS_MAX + 1),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_text_is_not_gradable(plain, what):
    done = grade(plain, BAD[what])
    assert done.returncode == 2, done.stdout + done.stderr
    assert "not gradable: answers.txt " in done.stdout


@pytest.mark.parametrize("how", ["missing", "folder", "link"])
def test_no_file_is_not_gradable(plain, how):
    file = plain.root / look.ANSWERS
    file.unlink(missing_ok=True)
    if how == "folder":
        file.mkdir()
    if how == "link":
        file.symlink_to(plain.root / "README.md")
    done = grade(plain, None)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "there is no file answers.txt" in done.stdout
    if how == "folder":
        file.rmdir()
    file.unlink(missing_ok=True)


def test_a_missing_tool_is_the_graders_own_fault(plain, monkeypatch,
                                                 tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = grade(plain, "1: 2\n")
    assert done.returncode == 3, done.stdout
    assert "no fault of yours" in done.stderr


FORMS = {
    (1, "c8000000"): True, (1, "0xC8000000"): True, (1, "0xc8000001"): False,
    (1, "c800_0000"): False, (1, ""): None, (1, "about c8000000"): False,
    (3, "4096"): True, (3, "0x1000"): True, (3, "1000"): False,
    (3, "4k"): False, (3, "-4096"): False, (3, "4096 # as zoneinfo"): True,
    (7, "ON"): True, (7, "off"): False, (7, "on off"): False,
    (13, "G P"): True, (13, "p, g"): True, (13, "P"): False,
    (13, "P G Q"): False,
}


@pytest.mark.parametrize("n, text", FORMS)
def test_forms_of_answers(n, text):
    right = {1: 0xc8000000, 3: 4096, 7: "on", 13: frozenset(("P", "G"))}[n]
    exercise = next(e for e in the_lab().exercises if e.n == n)
    mark = look.mark_of(exercise, look.answers_of(f"{n}: {text}\n")[n], right)
    wanted = FORMS[n, text]
    assert mark.verdict == {True: "pass", False: "fail", None: "todo"}[wanted]


def test_a_number_that_stands_twice_is_wrong():
    exercise = the_lab().exercises[2]
    answers = look.answers_of("3: 4096\n# nothing\n3: 4096\n")
    mark = look.mark_of(exercise, answers[3], 4096)
    assert mark.verdict == "fail"
    assert "lines 1 and 3" in mark.failures()[0][2].lines[0]


# ---- seeds and trees ---------------------------------------------------------

def test_every_seed_gives_a_machine_that_can_be():
    seen = set()
    for seed in range(400):
        found, ask = look.machine_of(seed), look.asked(seed)
        assert 128 <= found["vmalloc"] <= 960
        assert -(-found["vmalloc"] // 4) * 4 == 1024 - found["lowmem"]
        assert found["mem"] >= found["lowmem"] + 40
        # The address lies in a page of 2 MiB behind image and archive.
        assert (32 << 20) <= ask["address"] - 0xc0000000 < \
            (found["lowmem"] - 20 << 20)
        assert ask["page"] < ask["pages"]
        seen.add((found["mem"], found["lowmem"], found["cpu"]))
    assert len(seen) > 380
    assert {cpu for _, _, cpu in seen} == {"max", "max,nx=off"}
    assert any(mem > 3600 for mem, _, _ in seen)


def test_the_tree_has_text_form_and_image(plain):
    text = (plain.root / "LAB.md").read_text()
    assert "{{" not in text
    assert text.count("**hex.**") + text.count("**dec.**") + \
        text.count("**bits.**") + text.count("**word.**") == 20
    form = handout.git(plain.root, "show", f"HEAD:{look.ANSWERS}")
    assert [f"{n}:" in form.splitlines() for n in range(1, 21)] == [True] * 20
    image = plain.path / "image"
    assert (image / "pagoda.elf").read_bytes() == \
        (BUILD / "pagoda.elf").read_bytes()
    assert plain.data["image"] == look.image_of(BUILD)
    assert not (plain.root / "docs/labs/00-boot-and-look/INSTRUCTOR.md"
                ).exists()


def test_make_has_the_machine_and_the_commands(plain):
    done = subprocess.run(
        ["make", "-n", "look"], cwd=plain.root, capture_output=True,
        text=True, check=False, timeout=limit("build"),
        env={name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MFLAGS", "BUILD")})
    found = plain.data["machine"]
    assert done.returncode == 0, done.stderr
    assert f"-cpu {found['cpu']} -m {found['mem']}M" in done.stdout
    assert f'APPEND="monitor vmalloc={found["vmalloc"]}M"' in done.stdout
    assert "docs/labs/00-boot-and-look/image/pagoda.elf" in done.stdout


def test_each_question_has_its_hints_and_its_way():
    lab = the_lab()
    assert [e.n for e in lab.exercises] == list(range(1, 21))
    assert set(look_answers.QUESTIONS) == set(range(1, 21))
    assert all(1 <= len(e.hints) <= 3 for e in lab.exercises)
    assert sum(e.points for e in lab.exercises) == 100


# ---- a class -----------------------------------------------------------------

def test_a_submission_is_graded_as_the_tree_is(student, tmp_path):
    lab, seed, answers, _ = student
    (lab.root / look.ANSWERS).write_text(text_of(answers))
    assert look.submission(lab) == 0
    file = lab.root / "submission-look.json"
    grader = courses.GraderOfLab(ROOT, the_lab(), BUILD, tmp_path)
    graded = grader.grade("ann", seed, file)
    assert graded.status == 0 and graded.report.score == 100
    assert grader.grade("ann", seed, None).status == 2
    row = grader.grade("ann", seed, None).row("abc")
    assert row["verdict"] == "refused" and row["total"] == "0"

    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | {"image": "another"}))
    with pytest.raises(labs.LabError, match="is not the one"):
        grader.grade("ann", seed, file)
    file.write_text("[" * 5000)
    assert grader.grade("ann", seed, file).status == 2


def test_hints_open_one_after_the_other(plain):
    exercise = plain.exercises[0]
    hints = []
    for text in ("1: 2", "1: 2", "1: 3", "1: 4"):
        answers = look.answers_of(text)
        mark = look.mark_of(exercise, answers[1], 1)
        hints.append(len(look.open_hints(plain, [mark], answers)[1]))
    assert hints == [1, 1, 2, 2]


def test_the_report_keeps_the_values(plain):
    exercise = plain.exercises[0]
    answers = look.answers_of("1: abc")
    mark = look.mark_of(exercise, answers[1], 0x1234567)
    text = look.LookReport(plain, [mark], plain.root,
                           runs.HOST_SECONDS).text()
    assert "wrong" in text and "1234567" not in text
