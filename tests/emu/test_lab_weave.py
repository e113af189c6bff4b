# SPDX-License-Identifier: MIT
"""test_lab_weave.py - files with exercises are woven, and compile without a
warning"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from machine import ROOT, limit

sys.path.insert(0, str(ROOT / "tools" / "lab"))

import handout      # noqa: E402  (needs the path above)
import labs         # noqa: E402
import weave        # noqa: E402

# Exercises of the labs that there are or may be, by file.
EXERCISES = {
    "boot/memmap.c": "make_room edges_collect stripe_type range_emit sweep "
                     "memmap_lowmem_end",
    "boot/paging.c": "paging_build lint_pde",
    "arch/i386/mm/kpgtable.c": "kpt_entry kpt_populate_one kpt_populate "
                               "kpt_map_range kpt_unmap kpt_lookup",
    "arch/i386/mm/paging.c": "direct_map_prot map_small_chunk map_chunk",
    "arch/i386/mm/upgtable.c": "directory_get table_add map_one upt_unmap "
                               "upt_lookup",
    "arch/i386/mm/upgtable_range.c": "protect_entry unmap_chunk copy_entry "
                                     "copy_chunk",
    "arch/i386/iommu/domain.c": "leaf_get range_fill range_unmap iommu_walk",
    "mm/early/memblock.c": "memblock_list_add memblock_list_remove "
                           "memblock_list_next_free memblock_list_find",
    "mm/page/buddy.c": "buddy_alloc_locked buddy_free_locked "
                       "buddy_free_run_locked",
    "mm/page/page_alloc.c": "take_from_zones",
    "mm/page/watermark.c": "set_marks watermarks_update",
    "mm/page/pcp.c": "pcp_refill pcp_drain",
    "mm/slab/slab.c": "slab_choose_order slab_next_colour slab_take_run "
                      "slab_take_locked slab_put_run slab_put_locked",
    "mm/slab/kmalloc.c": "krealloc",
    "mm/slab/magazine.c": "magazine_flush",
    "mm/kva/area.c": "area_place area_create_new vm_area_claim",
    "mm/kva/vmalloc.c": "area_fill",
    "mm/kva/purge.c": "area_reap purge",
    "mm/kva/ioremap.c": "frames_have_ram ioremap",
    "mm/kva/kmap.c": "flush_unused_locked slot_take_locked kmap_try kunmap "
                     "kmap_page_freed",
    "mm/vm/vma.c": "vma_add_before vma_split vma_merge vma_isolate",
    "mm/vm/place.c": "find_down find_up mm_place_before",
    "mm/vm/mmap.c": "unmap_hole",
    "mm/vm/fault.c": "grow_down make_writable touch_locked",
    "mm/vm/mm.c": "fork_area",
    "mm/dma/bounce_pool.c": "crosses_line find_run pool_take",
    "mm/dma/bounce.c": "copy bounce_map bounce_sync",
    "kernel/ipc/endpoint.c": "send_to send_or_queue take_from receive_or_queue "
                             "endpoint_reply",
    "kernel/loader/elf.c": "phdr_use",
    "kernel/loader/cpio.c": "cpio_next",
}
KERNEL_ONLY = {"kernel/ipc/endpoint.c"}


class FileLab(labs.Lab):
    """A lab of one file, that stands in no folder."""

    def __init__(self, path):
        self.root, self.folder, self.path = ROOT, Path("none"), ROOT / "none"
        self.name, self.data, self.suites = "one", {"exercises": []}, []
        self.bench_of = {}
        self.exercises = [
            labs.Exercise(n, function, path, ("bench", "promoted"))
            for n, function in enumerate(EXERCISES[path].split(), 1)]


def woven(path, with_stubs):
    lab, text = FileLab(path), (ROOT / path).read_text()
    student = handout.with_stubs(lab, path, text) if with_stubs else text
    public = weave.public_functions(lab, {path: text})
    return weave.Weaver(lab, path, (student, text), public).weave()


def words_of_make(build, *assignments):
    """The compilers' words, as the Makefile has them. It notes them in its
    folder, so that has to be another one than this tree's."""
    shown = subprocess.run(
        ["make", "-s", "LAB_MK=", f"BUILD={build}", *assignments, "--eval",
         "show:\n\t@echo '$(CC) $(CFLAGS) $(KERNEL_ARCH)'\n"
         "\t@echo '$(HOST_CC) $(HOST_CFLAGS)'", "show"],
        cwd=ROOT, check=True, capture_output=True, text=True,
        timeout=limit("boot"))
    lines = [re.sub(r" -MMD -MP", "", line).split()
             for line in shown.stdout.splitlines()]
    return dict(zip(("kernel", "host"), lines))


@pytest.fixture(scope="module")
def compilers(tmp_path_factory):
    """(kernel or host, name) -> words"""
    build = tmp_path_factory.mktemp("words")
    found, clang = {}, shutil.which("clang")
    for name, words in (("gcc", []), ("debug", ["DEBUG=1"])) + \
            ((("clang", ["CC=clang", "HOST_CC=clang"]),) if clang else ()):
        for side, command in words_of_make(build, *words).items():
            found[side, name] = command
    return found


def compile_text(command, text, target, *more):
    return subprocess.run(
        [*command, "-Werror", *more, "-x", "c", "-", "-o", target],
        cwd=ROOT, input=text, text=True, capture_output=True, check=False,
        timeout=limit("boot"))


@pytest.mark.parametrize("path", EXERCISES)
def test_stubs_and_reference_compile_without_a_warning(path, compilers,
                                                       tmp_path):
    """The whole way through the assembler once: its names are there once."""
    for with_stubs in (True, False):
        text = woven(path, with_stubs)
        for (side, name), command in compilers.items():
            if side == "host" and path in KERNEL_ONLY:
                continue
            whole = name == "gcc" and side == "kernel"
            done = compile_text(command, text, tmp_path / "woven.o",
                                "-c" if whole else "-fsyntax-only")
            assert done.returncode == 0, (side, name, done.stderr)


def test_data_is_there_once_and_lines_are_the_students():
    text = woven("mm/kva/kmap.c", True)
    assert text.count("static unsigned      slot_count[PKMAP_SLOTS];") == 1
    lines = woven("mm/page/buddy.c", True).splitlines()
    stub = handout.with_stubs(FileLab("mm/page/buddy.c"), "mm/page/buddy.c",
                              (ROOT / "mm/page/buddy.c").read_text())
    todo = next(i for i, line in enumerate(lines) if "LAB_TODO(2)" in line)
    mark = max(i for i in range(todo) if lines[i].startswith("#line "))
    number = int(lines[mark].split()[1]) + todo - mark - 1
    assert "LAB_TODO(2)" in stub.splitlines()[number - 1]


@pytest.mark.parametrize("old, new, says", [
    ("	zone->nr_free -= 1ul << order;\n	return page;\n}",
     "	zone->nr_free -= 1ul << order;\n	return page;\n",
     "in column 0"),
    ("	while (have > order) {", "	while (have > order)) {",
     "does not close"),
    ("void buddy_free_locked(", "void buddy_give_locked(",
     "exercise 2, buddy_free_locked(), is not in this file"),
])
def test_what_cannot_be_split_goes_to_the_compiler(compilers, tmp_path, old,
                                                   new, says):
    path = "mm/page/buddy.c"
    lab, text = FileLab(path), (ROOT / path).read_text()
    assert old in text
    unit = weave.Weaver(lab, path, (text.replace(old, new), text)).weave()
    done = compile_text(compilers["kernel", "gcc"], unit, tmp_path / "x.o",
                        "-c")
    assert done.returncode != 0
    assert re.search(r"mm/page/buddy\.c:\d+:\d+: error: ", done.stderr)
    assert says in done.stderr
