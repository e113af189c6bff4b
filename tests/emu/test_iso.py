# SPDX-License-Identifier: MIT
"""test_iso.py - the same kernel from the same CD image in Bochs

WHAT    The judge decides as for QEMU: neither the loader nor the machine must
        matter. GRUB's own tests are in test_grub.py.
"""
import subprocess

from judge import judge
from machine import ROOT

BOCHS_SUITES = ["pgtable", "pgtable_check", "tlb", "fixmap", "traps", "ring3"]


def test_hardware_suites_pass_in_bochs(make_iso, tmp_path):
    iso = make_iso("run", "selftest=" + ",".join(BOCHS_SUITES))
    serial = tmp_path / "serial.txt"
    done = subprocess.run([ROOT / "tools/run_bochs", iso, serial],
                          check=False, capture_output=True, text=True)
    text = serial.read_text(errors="replace").replace("\r\n", "\n")
    assert done.returncode == 0, done.stderr + text[-1000:]
    # Bochs has no exit status to give: what the kernel says is all there is.
    verdict = judge(text, 33, set(BOCHS_SUITES))
    assert verdict.ok, verdict.text
