# SPDX-License-Identifier: MIT
"""All suites, in the kernel, on every shape of machine.

What a machine has not (highmem, NX) its tests skip by name; everything else
must pass everywhere.
"""

import re
import shutil
import subprocess

import pytest

from judge import STATUS_PASS, judge
from machine import QEMU_64, Shape, command, limit, run
from subjects import source_suites

SIZES = ["16M", "64M", "512M", "895M", "896M", "897M", "1G", "2G", "4G", "5G"]

# The smallest machine that boots has 4 MiB; what needs more skips by name.
SHAPES = [Shape(mem, cpu) for mem in ("4M", "8M") for cpu in (None, "max")]
SHAPES += [Shape("12M"), Shape("16M", "pentium3")]
SHAPES += [Shape(mem, cpu) for mem in SIZES for cpu in (None, "max")]
SHAPES += [Shape(mem, "max") for mem in ("16G", "61G")]
SHAPES += [Shape(mem, "max", "q35") for mem in ("16M", "1G", "3G", "5G")]
SHAPES += [Shape("2G", None, "q35")]
SHAPES += [Shape("1G", cpu) for cpu in ("qemu32,+nx", "pentium3",
                                         "core2duo")]
SHAPES += [Shape("5G", "pentium3")]

# RAM that is split early: little below 4 GiB, the rest above. Most of it is
# then highmem that only PAE reaches, without needing much of the host's.
SPLIT = ",max-ram-below-4g=128M"
SHAPES += [Shape(mem, cpu, machine + SPLIT)
           for mem, cpu in (("256M", "pentium3,+nx"), ("2G", "max"))
           for machine in ("pc", "q35")]

KTAP_SUITES = re.compile(r"^(?:not )?ok \d+ (\w+)$", re.MULTILINE)


def check(shape, append, expected, **options):
    done = run(shape, append, "selftest", **options)
    verdict = judge(done.text, done.status, expected, done.timed_out)
    assert verdict.ok, f"{shape}: {verdict.text}\n{tail(done)}"
    return done, verdict


def tail(done):
    """What of a run is worth reading: why tests failed, and how it ended."""
    lines = done.text.splitlines()
    reasons = [line for line in lines[:-15] if re.match(
        r" *(# failed at|# broken:|# \w+ leaked \d+ pages|not ok)", line)]
    return "\n".join(reasons + lines[-15:]) + "\n" + done.errors


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_suites_pass(kernel, suites, shape):
    _, verdict = check(shape, "selftest", suites)
    assert verdict.tests >= 150


@pytest.mark.parametrize("suite", sorted(source_suites()))
def test_each_suite_passes_by_itself(kernel, suite):
    """None relies on what another one has left behind."""
    check(Shape("128M", "max"), f"selftest={suite}", {suite})


@pytest.mark.parametrize("word, there, effect", [
    ("vmalloc=256M", True, r"lowmem +: .*\( 768 MB\)"),
    ("mem=64M", True, r"lowmem +: .*\(  64 MB\)"),
    ("nonx", True, r"NX off"),
    ("noapic", True, r"irq: two 8259"),
    ("loglevel=3", False, r"Zone ranges"),
    ("loglevel=8", True, r"shrinker vmalloc: \d+ pages"),
    ("seed=12345", True, r"# seed 12345\n"),
])
def test_command_line_options_hold(kernel, suites, word, there, effect):
    """All suites pass, and the word has done what it is for."""
    done, _ = check(Shape("1G", "max"), f"selftest {word}", suites)
    assert "unknown word" not in done.text
    assert bool(re.search(effect, done.text)) == there, done.text[:4000]


def test_two_seeds_make_two_runs(kernel, suites):
    texts = [check(Shape("128M"), f"selftest seed={seed}", suites)[0].text
             for seed in (7, 8)]
    assert "# seed 7\n" in texts[0]
    assert "# seed 8\n" in texts[1]


def test_list_of_suites_runs_only_those(kernel):
    names = sorted(source_suites())[:2]
    done, _ = check(Shape("64M"), "selftest=" + ",".join(names), set(names))
    assert KTAP_SUITES.findall(done.text) == names


def test_unknown_suite_is_a_failure(kernel):
    done = run(Shape("64M"), "selftest=no_such_suite", "selftest")
    assert done.status == 35
    assert "not ok 1 no_such_suite" in done.text


@pytest.mark.parametrize("word, reason", [
    ("frobnicate", "'frobnicate': unknown word"),
    ("vmalloc=junk", "bad value"),
    ("vmalloc=1M", "ignored"),
    ("mem=0", "value out of range"),
    ("nonx=1", "takes no value"),
    ("mem", "needs a value"),
])
def test_bad_word_is_reported_and_the_rest_holds(kernel, word, reason):
    name = sorted(source_suites())[0]
    done, _ = check(Shape("64M"), f"{word} selftest={name}", {name})
    assert reason in done.text


def test_a_machine_without_com1_passes_soon(kernel):
    """Where nobody can read a line the exit status is all that is said."""
    words = command(Shape("128M", "max"), "selftest=irq")
    words[words.index("stdio")] = "none"
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                          timeout=limit("boot"))
    assert done.returncode == STATUS_PASS


def test_mem_limits_the_memory(kernel):
    done = run(Shape("1G"), "mem=64M")
    memory = re.search(r"Memory: .*", done.text)
    assert memory, done.text
    total = int(re.search(r"/(\d+)K available", memory.group(0)).group(1))
    assert 60 << 10 <= total <= 64 << 10, memory.group(0)


def test_modules_are_kept(kernel, suites, tmp_path):
    """Three modules, one of a megabyte: listed, reserved, tests pass."""
    files = []
    for i, size in enumerate((5, 4096, 1 << 20)):
        (tmp_path / f"m{i}").write_bytes(bytes([i + 1]) * size)
        files.append(f"m{i} name={i}")
    shape = Shape("64M", extra=["-initrd", ",".join(files)])
    done, _ = check(shape, "selftest", suites, cwd=tmp_path)
    for i in range(3):
        assert re.search(rf"module {i}: .*name={i}", done.text), done.text
    # The last address is inclusive there, as in the other lines.
    assert re.search(r"module 2: \[mem 0x\w+000-0x\w+fff\]", done.text)


@pytest.mark.parametrize("mem", ["16M", "2G"])
def test_486_is_refused_in_words(kernel, mem):
    done = run(Shape(mem, "486"), "selftest")
    assert "PAE" in done.text
    assert done.status == 37, done.text


def test_486_without_exit_device_still_says_so(kernel):
    """It switches the power off then."""
    done = run(Shape("64M", "486"), "selftest", exit_device=False)
    assert "PAE" in done.text
    assert done.status == 0, done.text


def test_ordinary_boot_ends_with_status_0(kernel):
    done = run(Shape("2G", "max"), "", exit_device=False)
    assert done.status == 0, tail(done)
    assert "panic" not in done.text


def test_boot_log_shows_the_memory_map(kernel):
    """In the form in which Linux prints it, so that eyes and parsers know it."""
    text = run(Shape("2G", "max"), "").text
    for form in (r"BIOS-e820: \[mem 0x[0-9a-f]{16}-0x[0-9a-f]{16}\] usable",
                 r"Zone ranges:", r"DMA +\[mem 0x", r"Normal +\[mem 0x",
                 r"HighMem +\[mem 0x", r"virtual kernel memory layout",
                 r"vmalloc +: 0x[0-9a-f]{8} - 0x[0-9a-f]{8}",
                 r"lowmem +: 0x[0-9a-f]{8} - 0x[0-9a-f]{8}",
                 r"fixmap +: 0x", r"pkmap +: 0x", r"mem_map"):
        assert re.search(form, text, re.IGNORECASE), f"{form}\n{text}"


def test_default_cpu_leaves_memory_above_4g_alone(kernel):
    """qemu32 has 32 address bits; its memory map lists RAM above all the
    same, and touching that is a fault."""
    text = run(Shape("5G"), "").text
    assert re.search(r"above the CPU's 32 address bits", text), text


@pytest.mark.parametrize("suite, form", [
    ("zone", r"^# Node 0, zone   Normal (?: +\d+){11} ?$"),
    ("zone", r"^#         protection: \(0, \d+, \d+\)$"),
    ("slab", r"^# kmalloc-64 +\d+ +\d+ +64 +\d+ +1 : tunables +\d+ +\d+ +0 :"
             r" slabdata +\d+ +\d+ +0$"),
    ("vmap", r"^# 0x[0-9a-f]{8}-0x[0-9a-f]{8} +12288 \w+\+0x\w+ vmap$"),
    ("kmap", r"^#   0x[0-9a-f]{8}  count 2  pfn 0x\w+$"),
])
def test_dumps_have_the_form_of_linux(kernel, suite, form):
    """The tests call the dumps; the form is looked at here."""
    done, _ = check(Shape("1G", "max"), f"selftest={suite}", {suite})
    assert re.search(form, done.text, re.MULTILINE), done.text[-6000:]


@pytest.mark.skipif(not shutil.which(QEMU_64), reason=f"needs {QEMU_64}")
@pytest.mark.parametrize("mem", ["70G", "300G", "1100G"])
def test_ram_above_64g_is_left_alone(kernel, mem):
    """A mem_map of all of it would fill lowmem; from 1 TiB on, its size would
    not even fit 32 bits. Needs a CPU with more address bits than 36."""
    done, _ = check(Shape(mem, "max,phys-bits=42", qemu=QEMU_64),
                    "selftest=zone,page", {"zone", "page"})
    assert re.search(r"GiB of RAM lie above 64 GiB: not used", done.text)
