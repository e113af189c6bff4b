# SPDX-License-Identifier: MIT
"""slabs.py - pg slabs: the caches, and the slabs of one

WHAT    Without a name the text of mm/slab/slabinfo.c. With one its geometry
        and a picture of each slab, a letter for each object:

          u  in use     m  in a magazine     .  free
SEE     mm/slab/slab_impl.h.
"""

from pg import kernel
from pg.facts import constant
from pg.guest import Refused

HEADER = ("slabinfo - version: 2.1",
          "# name            <active_objs> <num_objs> <objsize> "
          "<objperslab> <pagesperslab> : tunables <limit> <batchcount> "
          "<sharedfactor> : slabdata <active_slabs> <num_slabs> "
          "<sharedavail>")

LETTERS_PER_LINE = 64


def caches():
    found = list(kernel.list_members(kernel.variable("cache_list"),
                                     "kmem_cache", "list"))
    if not found:
        raise Refused("there are no caches yet: slab_init() has not run")
    return found


def magazines(cache):
    array = cache["magazine"]
    return [array[cpu] for cpu in range(array.type.range()[1] + 1)]


def used(cache):
    return int(cache["taken"]) - sum(int(m["count"])
                                     for m in magazines(cache))


def cache_line(cache):
    limit = int(cache["magazine"][0]["capacity"])
    slabs, empty = int(cache["nr_slabs"]), int(cache["nr_empty"])
    per_slab = int(cache["per_slab"])
    return f"{kernel.text(cache['name']):<17} {used(cache):6} " \
           f"{slabs * per_slab:6} {int(cache['stride']):6} {per_slab:4} " \
           f"{1 << int(cache['order']):4} : tunables {limit:4} " \
           f"{limit // 2:4} {0:4} : slabdata {slabs - empty:6} {slabs:6} " \
           f"{0:6}"


# ---- one cache --------------------------------------------------------------

def in_magazines(cache):
    """Addresses of the objects that CPUs keep at hand."""
    return {int(magazine["objects"][i]) for magazine in magazines(cache)
            for i in range(int(magazine["count"]))}


def object_letters(cache, slab, kept):
    taken, stride = constant("SLOT_TAKEN"), int(cache["stride"])
    first = int(slab["objects"])
    found = ""
    for i in range(int(cache["per_slab"])):
        if int(slab["next"][i]) != taken:
            found += "."
        else:
            found += "m" if first + i * stride in kept else "u"
    return found


def print_slab(cache, slab, where, kept):
    print(f"  slab 0x{int(slab.address):08x}, {where}: objects at "
          f"0x{int(slab['objects']):08x}, {int(slab['inuse'])} taken")
    picture = object_letters(cache, slab, kept)
    for i in range(0, len(picture), LETTERS_PER_LINE):
        print("    " + picture[i:i + LETTERS_PER_LINE])


def print_cache(cache):
    print(f"cache {kernel.text(cache['name'])}: objects of "
          f"{int(cache['size'])} bytes, aligned to {int(cache['align'])}, "
          f"{int(cache['stride'])} bytes apart")
    descriptor = "elsewhere" if cache["off_slab"] else "inside"
    print(f"  {int(cache['per_slab'])} in a slab of "
          f"{1 << int(cache['order'])} pages; descriptor {descriptor}; "
          f"{int(cache['colours'])} colours of "
          f"{int(cache['colour_step'])} bytes")
    for cpu, magazine in enumerate(magazines(cache)):
        print(f"  magazine of cpu {cpu}: {int(magazine['count'])} of "
              f"{int(magazine['capacity'])}")
    kept = in_magazines(cache)
    for where in ("full", "partial", "empty"):
        for slab in kernel.list_members(cache[where], "slab", "list"):
            print_slab(cache, slab, where, kept)


def pg_slabs(name=None):
    if name is not None:
        for cache in caches():
            if kernel.text(cache["name"]) == name:
                print_cache(cache)
                return
        raise Refused(f"no cache is called {name}: `pg slabs` lists them")
    for line in HEADER:
        print(line)
    for cache in caches():
        print(cache_line(cache))
