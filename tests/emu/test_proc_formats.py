# SPDX-License-Identifier: MIT
"""test_proc_formats.py - what the monitor prints, read by Linux's programs

WHAT    meminfo, buddyinfo, zoneinfo, slabinfo, vmallocinfo and iomem are typed
        at the prompt, and given to parsers that were made for Linux: psutil,
        procps, Prometheus' node exporter, and our own, which are tried on the
        /proc of this machine as well.
"""
import os
import re
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import psutil
import pytest

import machine
from monitor import Session
from procfs import (buddyinfo, iomem, meminfo, slabinfo, vmallocinfo,
                    zoneinfo)


@pytest.fixture(scope="module")
def monitor(kernel):
    session = Session()
    yield session
    session.close()


def host_file(name):
    """The machine's own file, where it is Linux's and may be read."""
    try:
        return Path("/proc", name).read_text()
    except OSError:
        return None


PARSERS = [meminfo, buddyinfo, zoneinfo, slabinfo, vmallocinfo, iomem]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda f: f.__name__)
def test_one_parser_reads_linux_and_us(monitor, parser):
    ours = parser(monitor.run(parser.__name__))
    assert ours
    text = host_file(parser.__name__)
    if not text:
        pytest.skip(f"/proc/{parser.__name__} of this machine: unreadable")
    theirs = parser(text)
    if parser is meminfo:
        # Huge pages of the transparent kind are the only thing that we
        # leave out, and what some configurations add.
        assert list(ours) == [n for n in list(ours) if n in theirs or
                              n.startswith(("High", "Low", "Sec", "NFS"))]


def test_psutil_reads_our_meminfo(monitor, tmp_path, monkeypatch):
    text = monitor.run("meminfo")
    (tmp_path / "meminfo").write_text(text + "\n")
    (tmp_path / "zoneinfo").write_text(monitor.run("zoneinfo") + "\n")
    (tmp_path / "vmstat").write_text("pswpin 0\npswpout 0\n")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    memory, rows = psutil.virtual_memory(), meminfo(text)
    assert memory.total == rows["MemTotal"] * 1024
    assert memory.free == rows["MemFree"] * 1024
    assert memory.available == rows["MemAvailable"] * 1024
    assert memory.slab == rows["Slab"] * 1024
    assert 900 << 20 < memory.available <= memory.free < memory.total < 1 << 30
    assert psutil.swap_memory().total == 0


def test_psutil_reads_our_zoneinfo(monitor, tmp_path, monkeypatch):
    """Where MemAvailable is missing psutil computes it: from zoneinfo."""
    text = monitor.run("meminfo")
    (tmp_path / "meminfo").write_text(
        re.sub(r"MemAvailable.*\n", "", text) + "\n")
    (tmp_path / "zoneinfo").write_text(monitor.run("zoneinfo") + "\n")
    (tmp_path / "vmstat").write_text("pswpin 0\npswpout 0\n")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    low = sum(int(zone["low"]) for zone in
              zoneinfo(monitor.run("zoneinfo")).values())
    rows = meminfo(text)
    available = rows["MemFree"] - low * 4 + rows["SReclaimable"] / 2
    assert abs(psutil.virtual_memory().available / 1024 - available) < 64


@pytest.fixture
def procps(monitor, tmp_path):
    """Runs a program of Linux's procps on our files in place of /proc's."""
    names = ["meminfo", "slabinfo", "vmstat"]
    for name in names[:2]:
        (tmp_path / name).write_text(monitor.run(name) + "\n")
    (tmp_path / "vmstat").write_text("pgpgin 0\npgpgout 0\npswpin 0\n"
                                     "pswpout 0\n")
    mounts = " && ".join(f"mount --bind {tmp_path}/{name} /proc/{name}"
                         for name in names)

    def run(*words):
        done = subprocess.run(["unshare", "-rm", "sh", "-c",
                               f'{mounts} && exec "$@"', "sh", *words],
                              check=False, capture_output=True, text=True,
                              timeout=machine.limit("boot"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    if not shutil.which("slabtop"):
        pytest.skip("no procps")
    try:
        run("true")
    except (AssertionError, OSError) as reason:
        pytest.skip(f"no mount of one's own here: {reason}")
    return run


def test_free_of_procps_reads_our_meminfo(procps, monitor):
    rows = meminfo(monitor.run("meminfo"))
    total, _, free, _, _, available = re.search(
        r"^Mem:" + r" +(\d+)" * 6, procps("free", "-k"),
        re.MULTILINE).groups()
    assert int(total) == rows["MemTotal"]
    assert abs(int(free) - rows["MemFree"]) < 64
    assert abs(int(available) - rows["MemAvailable"]) < 64


def test_slabtop_and_vmstat_of_procps_read_our_slabinfo(procps, monitor):
    ours = slabinfo(monitor.run("slabinfo"))
    table = procps("slabtop", "-o", "-s", "n")
    rows = {row[7]: row for row in re.findall(
        r"^ *(\d+) +(\d+) +(\d+)% +([\d.]+)K +(\d+) +(\d+) +(\d+)K (\S+) *$",
        table, re.MULTILINE)}
    assert set(rows) == set(ours)
    for name, (_, _, size, objects, pages, *_rest) in ours.items():
        assert int(rows[name][5]) == objects
        assert int(rows[name][6]) == int(rows[name][4]) * pages * 4
        assert abs(float(rows[name][3]) - size / 1024) < 0.01
    table = procps("vmstat", "-m")
    for name, (_, _, size, objects, *_rest) in ours.items():
        assert re.search(rf"^{name} +\d+ +\d+ +{size} +{objects}$", table,
                         re.MULTILINE), table


def test_the_figures_of_all_of_them_agree(monitor):
    memory = meminfo(monitor.run("meminfo"))
    blocks = buddyinfo(monitor.run("buddyinfo"))
    zones = zoneinfo(monitor.run("zoneinfo"))
    caches = slabinfo(monitor.run("slabinfo"))
    managed = sum(int(zone["managed"]) for zone in zones.values())
    assert memory["MemTotal"] == managed * 4
    for name, zone in zones.items():
        if int(zone["present"]):
            free = sum(n << order for order, n in enumerate(blocks[name]))
            assert free == int(zone["free"])
    pages = sum(row[4] * row[9] for row in caches.values())
    assert memory["Slab"] == pages * 4
    assert caches["kmalloc-64"][2] == 64
    ram = sum(end + 1 - start
              for depth, start, end, name in iomem(monitor.run("iomem"))
              if depth == 0 and name == "System RAM")
    assert ram // 4096 == sum(int(z["present"]) for z in zones.values())


def test_lowmem_and_highmem_add_up(monitor):
    rows = meminfo(monitor.run("meminfo"))
    assert rows["MemFree"] == rows["LowFree"] + rows["HighFree"]
    assert rows["MemTotal"] == rows["LowTotal"] + rows["HighTotal"]
    assert rows["HighTotal"] > 0


def test_areas_of_vmallocinfo_are_in_order_and_as_long_as_they_say(monitor):
    """Linux shows the addresses to root alone, so only ours are looked at."""
    areas = vmallocinfo(monitor.run("vmallocinfo"))
    for start, end, size, _ in areas:
        assert end - start == size
    assert areas == sorted(areas)
    assert all(a[1] <= b[0] for a, b in zip(areas, areas[1:]))


# ---- Prometheus' node exporter ----------------------------------------------

EXPORTER = "prometheus-node-exporter"
COLLECTORS = ["meminfo", "buddyinfo", "zoneinfo", "slabinfo"]


def find_exporter():
    """Its program: installed, or Debian's package, unpacked in the build."""
    folder = machine.BUILD / "exporter"
    program = folder / "usr" / "bin" / EXPORTER
    if shutil.which(EXPORTER) or program.exists():
        return shutil.which(EXPORTER) or program
    if os.environ.get("FETCH") == "0" or not shutil.which("apt-get"):
        return None
    folder.mkdir(exist_ok=True)
    subprocess.run("apt-get -qq -o APT::Sandbox::User= download "
                   f"{EXPORTER} && dpkg-deb -x {EXPORTER}_*.deb . && "
                   "rm *.deb", shell=True, cwd=folder, check=False,
                   capture_output=True, timeout=machine.limit("boot"))
    return program if program.exists() else None


@pytest.fixture(scope="module")
def metrics(monitor, tmp_path_factory):
    """What the exporter makes of our files: Prometheus' text."""
    program, folder = find_exporter(), tmp_path_factory.mktemp("proc")
    if not program:
        pytest.skip(f"no {EXPORTER}, and it could not be fetched")
    for name in COLLECTORS:
        (folder / name).write_text(monitor.run(name) + "\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    running = subprocess.Popen(
        [program, "--collector.disable-defaults", f"--path.procfs={folder}",
         f"--web.listen-address={address}",
         *(f"--collector.{name}" for name in COLLECTORS)],
        stderr=subprocess.PIPE, text=True)
    try:
        for line in running.stderr:
            if "Listening on" in line:
                break
        with urllib.request.urlopen(f"http://{address}/metrics",
                                    timeout=machine.limit("boot")) as answer:
            text = answer.read().decode()
    finally:
        running.kill()
        running.wait()
    return text


def find_metric(text, name, **labels):
    """Its value, or None where this exporter has no such metric."""
    wanted = "".join(rf'(?=[^}}]*\b{label}="{value}")'
                     for label, value in labels.items())
    row = re.search(rf"^{name}(?:{{{wanted}[^}}]*}})? (\S+)$", text,
                    re.MULTILINE)
    return float(row.group(1)) if row else None


def metric(text, name, **labels):
    value = find_metric(text, name, **labels)
    assert value is not None, (name, labels)
    return value


def test_node_exporter_reads_our_files(metrics, monitor):
    for collector in COLLECTORS:
        assert metric(metrics, "node_scrape_collector_success",
                      collector=collector) == 1
    rows = meminfo(monitor.run("meminfo"))
    for name in ("MemTotal", "Slab"):
        assert metric(metrics, f"node_memory_{name}_bytes") == \
            rows[name] * 1024
    # From 1.9 on the exporter has a list of rows, and these are not in it.
    for name in ("HighTotal", "LowTotal"):
        assert find_metric(metrics, f"node_memory_{name}_bytes") in \
            (None, rows[name] * 1024)
    for (_, name), orders in buddyinfo(monitor.run("buddyinfo")).items():
        assert len(orders) == 11
        # Free blocks come and go; that each order is read is what counts.
        for order in range(11):
            assert metric(metrics, "node_buddyinfo_blocks", zone=name,
                          size=order) >= 0
    for (_, name), zone in zoneinfo(monitor.run("zoneinfo")).items():
        for key in ("min", "low", "high", "spanned", "present", "managed"):
            assert metric(metrics, f"node_zoneinfo_{key}_pages",
                          zone=name) == int(zone[key])
    for name, row in slabinfo(monitor.run("slabinfo")).items():
        assert metric(metrics, "node_slabinfo_object_size_bytes",
                      slab=name) == row[2]
