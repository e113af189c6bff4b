# SPDX-License-Identifier: MIT
"""The guard of a lab: which texts are refused, by which rule, and which not.

The submissions here are hostile or clumsy. Those that only a run can judge are
in test_lab_zoo.py.
"""

import sys

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import guard     # noqa: E402  (needs the path above)

EXERCISES = {"first", "second"}

HANDED = """\
/* file.c - two exercises */
#include "lib/list.h"

#define TWICE(x) \\
	((x) + (x))

static unsigned count;

static unsigned helper(unsigned n)
{
	return n + 1;
}

unsigned first(unsigned n)
{
	LAB_TODO(1);
	return 0;
}

/* The second one. */
static void second(unsigned *out)
{
	LAB_TODO(2);
}
"""


def with_body(body, name="first"):
    """HANDED with another body for an exercise."""
    stub = "\tLAB_TODO(1);\n\treturn 0;\n" if name == "first" else \
        "\tLAB_TODO(2);\n"
    assert stub in HANDED
    return HANDED.replace(stub, body)


def before_second(text):
    return HANDED.replace("/* The second one. */", text)


def refusals(text):
    return guard.check_text(text, HANDED, EXERCISES)


HONEST = {
    "as handed out": HANDED,
    "a solution": with_body("\treturn helper(n) + TWICE(count);\n"),
    "a helper": before_second(
        "static unsigned mine(unsigned n)\n{\n\treturn n / 2;\n}\n"),
    "data": before_second("static unsigned table[3] = { 1, 2, 3 };\n"),
    "a comment with every word":
        with_body("\t/* asm goto __attribute__ #include extern */\n"
                  "\treturn 0;   // \u00e9\n"),
    "a text with every word":
        with_body('\tpr_info("asm extern \\"__attribute__\\" <: é");\n'
                  "\treturn 0;\n"),
    "builtins": with_body("\treturn (unsigned)__builtin_ctz(n | 1);\n"),
    "a comment of one's own": before_second("/* A thought. */\n\n"
                                            "/* The second one. */"),
    "blanks at the end": HANDED.replace("static unsigned count;",
                                        "static unsigned count;   "),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_text_is_taken(name):
    assert refusals(HONEST[name]) == []


# name -> text, rule, words of the refusal
HOSTILE = {
    "assembler": (with_body('\tasm("hlt");\n\treturn 0;\n'), "G2", "`asm`"),
    "assembler, other name": (with_body('\t__asm__ volatile ("cli");\n'
                                        "\treturn 0;\n"), "G2", "`__asm__`"),
    "a constructor": (before_second(
        "static void __attribute__((constructor)) early(void)\n{\n}\n"),
        "G2", "`__attribute__`"),
    "a section": (before_second(
        'static unsigned mine __section("ktests");\n'), "G2", "`__section`"),
    "an include": (HANDED.replace(
        '#include "lib/list.h"\n',
        '#include "lib/list.h"\n#include "lib/panic.h"\n'), "G1", "handed out"),
    "an include in a body": (with_body('#include "build/lab/envelope"\n'
                                       "\treturn 0;\n"), "G2", "preprocessor"),
    "a macro in a body": (with_body("#define n 5\n\treturn n;\n"), "G2",
                          "preprocessor"),
    "incbin": (with_body('\t__asm__(".incbin \\"x\\"");\n\treturn 0;\n'),
               "G2", "`__asm__`"),
    "a pragma": (with_body('\t_Pragma("GCC optimize 0")\n\treturn 0;\n'),
                 "G2", "`_Pragma`"),
    "extern": (with_body("\textern unsigned ktest_failures;\n"
                         "\treturn ktest_failures = 0;\n"), "G2", "`extern`"),
    "extern outside": (before_second("extern int console_printf();\n"), "G1",
                       "handed out"),
    "not static": (before_second("unsigned mine(void)\n{\n\treturn 1;\n}\n"),
                   "G1", "handed out"),
    "a jump out": (with_body("\tkernel_longjmp(0, 1);\n\treturn 0;\n"), "G2",
                   "`kernel_longjmp`"),
    "the lab's own names": (with_body("\tlab_first_now = 0;\n\treturn 0;\n"),
                            "G2", "`lab_first_now`"),
    "the reference": (with_body("\treturn reference_first(n);\n"), "G2",
                      "`reference_first`"),
    "another builtin": (with_body("\t__builtin_trap();\n\treturn 0;\n"), "G2",
                        "`__builtin_trap`"),
    "a frame of the caller": (
        with_body("\treturn *(unsigned *)__builtin_frame_address(1);\n"),
        "G2", "`__builtin_frame_address`"),
    "atomics": (with_body("\treturn __sync_fetch_and_add(&count, 1);\n"),
                "G2", "`__sync_fetch_and_add`"),
    "a trigraph": (with_body("\treturn n; ??/\n"), "G2", "trigraph"),
    "a trigraph in a comment": (with_body("\t// why??/\n\treturn n;\n"), "G2",
                                "trigraph"),
    "a digraph": (with_body("\treturn table<:0:>;\n"), "G2", "digraph"),
    "a directive by digraph": (with_body("%:include \"x\"\n\treturn 0;\n"),
                               "G2", "digraph"),
    "a splice": (with_body("\ta\\\nsm(\"hlt\");\n\treturn 0;\n"), "G2",
                 "backslash"),
    "a splice with blanks": (with_body("\tret\\ \nurn 0;\n"), "G2",
                             "backslash"),
    "letters": (with_body("\tunsigned \u0430sm = 0;\n\treturn \u0430sm;\n"),
                "G2", "ASCII"),
    "another text": (HANDED.replace('"lib/list.h"', '"lib/tree.h"'), "G1",
                     "changed"),
    "another helper": (HANDED.replace("return n + 1;", "return n + 2;"), "G1",
                       "changed"),
    "a helper twice": (before_second(
        "static unsigned helper(unsigned n)\n{\n\treturn 3;\n}\n"), "G1",
        "handed out"),
    "another parameter": (HANDED.replace("first(unsigned n)",
                                         "first(unsigned long n)"), "G1",
                          "changed"),
    "a missing exercise": (HANDED[:HANDED.index("/* The second")], "G1",
                           "missing"),
    "a missing include": (HANDED.replace('#include "lib/list.h"\n', ""), "G1",
                          "missing"),
    "another macro": (HANDED.replace("((x) + (x))", "((x) * 2)"), "G1",
                      "changed"),
    "a brace too few": (HANDED.replace("\treturn n + 1;\n}",
                                       "\treturn n + 1;\n"), "G1", ""),
    "an empty file": ("", "G1", "missing"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_by_its_rule(name):
    text, rule, words = HOSTILE[name]
    found = refusals(text)
    assert found, "taken"
    assert found[0].rule == rule and words in found[0].why, \
        [one.text("file.c") for one in found]
    assert found[0].instead


def test_a_refusal_names_the_line():
    text = with_body('\tunsigned a = n;\n\n\tasm("hlt");\n\treturn a;\n')
    line = text.splitlines().index('\tasm("hlt");') + 1
    assert [one.line for one in refusals(text)] == [line]


# ---- files -------------------------------------------------------------------

@pytest.mark.parametrize("data, words", [
    (b"int x;\r\n", "CR LF"), (b"\0" * 10, "not a text"),
    (b"\xff\xfe", "not a text"), (b"x" * (guard.SIZE_MAX + 1), "more than"),
])
def test_a_file_that_is_no_source_is_refused(tmp_path, data, words):
    file = tmp_path / "file.c"
    file.write_bytes(data)
    text, refusal = guard.read_submission(file)
    assert text is None and words in refusal.why


def test_a_link_or_a_folder_or_nothing_is_refused(tmp_path):
    (tmp_path / "real.c").write_text(HANDED)
    (tmp_path / "link.c").symlink_to(tmp_path / "real.c")
    (tmp_path / "folder.c").mkdir()
    for name in ("link.c", "folder.c", "missing.c"):
        text, refusal = guard.read_submission(tmp_path / name)
        assert text is None and "plain file" in refusal.why
    assert guard.read_submission(tmp_path / "real.c") == (HANDED, None)


# ---- objects -----------------------------------------------------------------

@pytest.mark.parametrize("code, name", [
    ("mov    %eax,%cr3", "mov_cr"), ("mov    %db7,%eax", "mov_dr"),
    ("mov    %ax,%ds", "mov_seg"), ("mov    %ds:0x5,%eax", "mov"),
    ("rep outsb %ds:(%esi),(%dx)", "outsb"), ("in     (%dx),%al", "in"),
    ("lock incl 0x4", "incl"), ("ret", "ret"),
])
def test_an_instruction_has_a_name(code, name):
    assert guard.mnemonic(code) == name
    allowed = name in ("mov", "incl", "ret")
    assert bool(guard.PRIVILEGED.match(name)) != allowed
