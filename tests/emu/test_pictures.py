# SPDX-License-Identifier: MIT
"""The pictures of docs/ are what the kernel says, drawn; and nothing else."""

import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import machine
from machine import ROOT, limit

TOOL = ROOT / "tools" / "pictures"
FOLDER = ROOT / "docs" / "pictures"
NAMES = ("address-space.svg", "buddy.svg", "slab.svg", "zones.svg")

sys.path.insert(0, str(TOOL))

import dump  # noqa: E402  (needs the path above)


def pictures(*arguments):
    done = subprocess.run([sys.executable, TOOL, *arguments], text=True,
                          capture_output=True, check=False,
                          timeout=limit("selftest"))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def lines(kernel, tmp_path_factory):
    path = tmp_path_factory.mktemp("dump") / "dump.txt"
    pictures("--run", kernel, path)
    return path


@pytest.fixture(scope="module", params=["now", "docs"])
def data(request, lines):
    """Of this kernel, and of the one that the pictures were made with."""
    path = lines if request.param == "now" else FOLDER / "dump.txt"
    return dump.read(path.read_text())


def test_drawing_the_same_lines_gives_the_same_bytes(tmp_path):
    pictures(FOLDER / "dump.txt", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == \
            (FOLDER / name).read_bytes(), f"{name}: run `make pictures`"


def test_another_run_says_the_same(kernel, lines, tmp_path):
    pictures("--run", kernel, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == lines.read_bytes()


def test_pictures_show_the_map_of_this_kernel(lines):
    """Sizes of code change with every line; the map itself must not."""
    now = dump.read(lines.read_text()).regions
    then = dump.read((FOLDER / "dump.txt").read_text()).regions
    assert now == then, "the map has changed: run `make pictures`"


def test_pictures_are_whole_and_used():
    pages = "".join(p.read_text() for p in (ROOT / "docs").glob("*.md"))
    for name in NAMES:
        root = xml.etree.ElementTree.parse(FOLDER / name).getroot()
        assert root.tag.endswith("}svg")
        width, height = float(root.get("width")), float(root.get("height"))
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            if rect.get("x"):
                assert float(rect.get("width")) > 0
                assert float(rect.get("x")) + float(rect.get("width")) <= width
                assert float(rect.get("y")) + float(
                    rect.get("height")) <= height
        assert f"](pictures/{name})" in pages


def test_zones_add_up(data):
    """Each frame is drawn once, and the colours are what the zone counts."""
    assert [z.name for z in data.zones] == ["DMA", "Normal", "HighMem"]
    for zone in data.zones:
        at, sums = zone.start, dict.fromkeys("rfpust-", 0)
        for block in zone.blocks():
            assert block.pfn == at
            assert block.pfn % block.frames == 0
            sums[block.letter] += block.frames
            at += block.frames
        assert at == zone.end
        assert sums["f"] == zone.free
        assert sum(sums[s] for s in "fpust") == zone.managed
        assert {"f", "u"} <= {b.letter for b in zone.blocks()}


def test_no_two_buddies_are_free(data):
    for zone in data.zones:
        free = {(b.pfn, b.order) for b in zone.blocks() if b.letter == "f"}
        for pfn, order in free:
            assert order == 10 or (pfn ^ (1 << order), order) not in free


def test_slabs_show_everything(data):
    cache = data.caches[0]
    assert len(cache.slabs) == cache.colours == 4
    assert {s.offset for s in cache.slabs} == {
        cache.first + i * cache.step for i in range(cache.colours)}
    letters = "".join(s.map for s in cache.slabs)
    assert set(letters) == set("#m.")
    for slab in cache.slabs:
        assert len(slab.map) == cache.objects
        assert slab.offset + cache.objects * cache.stride <= dump.PAGE
        assert sorted(slab.chain) == [i for i, letter in enumerate(slab.map)
                                      if letter == "."]


def test_map_has_one_mapping_of_each_kind(data):
    def pages(name):
        region = data.regions[name]
        return sum((m.end - m.start) // dump.PAGE
                   for m in data.mapped(region.start, region.end))
    # Both APICs, and a test's.
    assert pages("PKMAP") == 5 and pages("FIXMAP") == 3
    assert pages("VMALLOC") == sum(
        (a.end - a.start) // dump.PAGE - 1 for a in data.areas)
    for name in data.regions:
        assert not name.startswith("GAP") or pages(name) == 0


def test_a_log_that_breaks_off_is_refused(lines, tmp_path):
    log = tmp_path / "log"
    log.write_text(lines.read_text())       # its last line is not there
    done = subprocess.run([sys.executable, TOOL, "--keep", log,
                           tmp_path / "out"], text=True, capture_output=True,
                          check=False)
    assert done.returncode != 0
    assert re.search("has no line", done.stderr)


def test_other_machines_can_be_drawn(kernel, tmp_path):
    """Without highmem, and with a hole cut into the map."""
    for shape in (machine.Shape("64M"), machine.Shape("2G", "max", "q35")):
        ran = machine.run(shape, "dump seed=7", "selftest", kernel=kernel)
        assert ran.status == 33, ran.text[-2000:]
        (tmp_path / "log").write_text(ran.text)
        pictures("--keep", tmp_path / "log", tmp_path / "lines")
        pictures(tmp_path / "lines", tmp_path / str(shape))
        assert len(list((tmp_path / str(shape)).iterdir())) == len(NAMES)
