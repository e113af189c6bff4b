# SPDX-License-Identifier: MIT
"""test_lab_split.py - tools/lab/split.py reads every C file of the tree, and
says where a file is broken"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lab"))

import split    # noqa: E402  (needs the path above)

FOLDERS = ("arch", "boot", "kernel", "lib", "mm", "tests", "tools", "user")
FILES = sorted(path.relative_to(ROOT).as_posix() for folder in FOLDERS
               for path in (ROOT / folder).rglob("*.c"))

# The first word of a line that begins a function, its braces on one line or in
# column 0: found in another way than split.py does it.
SHORT = re.compile(r"^\w[^\n={]*\) \{.*\}$", re.MULTILINE)
LONG = re.compile(r"^\{$", re.MULTILINE)


def test_there_are_files():
    assert len(FILES) > 400


@pytest.mark.parametrize("name", FILES)
def test_chunks_are_the_file_and_each_function_is_found(name):
    text = (ROOT / name).read_text()
    chunks = split.split(text)
    assert "".join(chunk.text for chunk in chunks) == text
    line = 1
    for chunk in chunks:
        assert chunk.line == line
        line += chunk.lines
    found = [chunk for chunk in chunks if isinstance(chunk, split.Function)]
    plain = split.bare(text)
    assert len(found) == len(LONG.findall(plain)) + len(SHORT.findall(plain))
    for function in found:
        assert function.signature + function.body == function.text
        assert function.named(function.name) == function.text
        assert re.match(rf"{function.name}\s*\(", function.text[function.at:])


GOOD = """\
#include "a.h"

#define TWICE(x) \\
	((x) + (x))

/* A comment with { and ; */
struct a {
	int b;
};

static const char *const text[] = { "{", "}" };

static noinline __printf(1, 2) struct a *
make(const char *text,
     int n)
{
	if (n) {
		return NULL;   /* } */
	}
	return 0;
}

unsigned long count(void)
{
	return 0;
}
"""


def test_kinds_names_and_types():
    chunks = split.split(GOOD)
    kinds = [chunk.kind for chunk in chunks if chunk.kind != "blank"]
    assert kinds == ["directive", "directive", "comment", "declaration",
                     "declaration", "function", "function"]
    make, count = split.functions(chunks).values()
    assert (make.name, make.is_static, make.result) == ("make", True,
                                                        "struct a *")
    assert (count.name, count.is_static, count.result) == (
        "count", False, "unsigned long")
    assert make.line == 13 and make.body_line == 16
    assert count.named("other").startswith("unsigned long other(void)\n{")


@pytest.mark.parametrize("old, new, line, why", [
    ("	}\n	return 0;", "	return 0;", 20, "does not close"),
    ("		return NULL;   /* } */\n	}\n", "}\n", 18, "does not close"),
    ("	return 0;\n}\n\nunsigned", "	return 0;\n\nunsigned", 23,
     "`{` in column 0 inside"),
    ("	return 0;\n}\n\"\"\"", "", 0, ""),
    ("/* A comment with { and ; */", "}", 6, "nothing opened"),
])
def test_a_broken_file_is_refused_where_it_breaks(old, new, line, why):
    if not line:
        text, line, why = GOOD[:-2], 23, "no `}` in column 0"
    else:
        assert old in GOOD
        text = GOOD.replace(old, new, 1)
    with pytest.raises(split.SplitError) as raised:
        split.split(text)
    assert raised.value.line == line and why in raised.value.why


def test_rename_leaves_members_tags_texts_and_comments():
    text = 'x = take(a.take, b->take, "take", struct take *t); /* take */'
    assert split.rename(text, {"take": "bench_take"}) == \
        'x = bench_take(a.take, b->take, "take", struct take *t); /* take */'
    assert split.rename("retake + take", {"take": "k"}) == "retake + k"
