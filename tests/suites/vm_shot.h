// SPDX-License-Identifier: MIT
/*
 * vm_shot.h - an address space written down, to be compared later
 *
 * WHAT     Everything that a call may change: the areas, the entries with
 *          their pages' references and contents, the pages of shared objects,
 *          and all that is counted.
 *
 * TERMS    shot    one address space at one moment
 *          family  and object: the number of the first area that has the same
 *                  family, or object
 */
#pragma once

#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "tests/suites/vm_test.h"

#define SHOT_AREAS  32u
#define SHOT_PAGES  160u

struct area_shot {
	uint32_t               start, end, offset;
	unsigned               flags, family, object;
	const struct endpoint *pager;
	const char            *name;
};

/* An entry; or, with `in_object`, a page of an area's object. */
struct page_shot {
	uint32_t va, frame, word;
	unsigned in_object, device, rights, refs;   /* no bool: no padding */
};

struct vm_shot {
	unsigned         nr_areas, nr_pages;
	struct area_shot area[SHOT_AREAS];
	struct page_shot page[SHOT_PAGES];
	uint32_t         total_vm, locked_vm, committed, rss, brk;
	bool             has_windows;
};

static inline void shot_page(struct vm_shot *shot, const struct page_shot *page)
{
	REQUIRE(shot->nr_pages < SHOT_PAGES);
	shot->page[shot->nr_pages++] = *page;
}

static inline uint32_t shot_word(struct page *page)
{
	const uint32_t *words = kmap_local(page);
	uint32_t word = words[0];

	kunmap_local(words);
	return word;
}

static inline int shot_entry(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct page_shot shot = {
		.va = va.v, .device = entry.device, .rights = entry.rights,
		.frame = entry.pfn.v,
	};
	struct page *page = pfn_to_page(entry.pfn);

	if (!entry.device) {
		shot.word = shot_word(page);
		shot.refs = page == vm_zero_page ? 0 : page->refs;
	}
	shot_page(arg, &shot);
	return 0;
}

static inline void shot_object(struct vm_shot *shot, const struct vma *vma)
{
	uint32_t index = vma->offset;

	for (uaddr_t va = vma_start(vma); va.v < vma_end(vma).v;
	     va.v += PAGE_SIZE) {
		struct page *page = vm_object_find(vma->object, index++);

		if (page)
			shot_page(shot, &(struct page_shot){
				.va = va.v, .in_object = true,
				.refs = page->refs, .word = shot_word(page),
				.frame = page_to_pfn(page).v });
	}
}

/* Number, from 1, of the first area with the same object or family; 0: none. */
static inline unsigned shot_same(const struct mm *mm, const struct vma *vma,
				 bool object)
{
	const struct range_node *node;
	unsigned i = 1;

	if (object ? !vma->object : !vma->family)
		return 0;
	range_for_each(node, &mm->vmas) {
		const struct vma *other =
			container_of(node, struct vma, range);

		if (object ? other->object == vma->object
			   : other->family == vma->family)
			break;
		i++;
	}
	return i;
}

static inline void shot_area(struct vm_shot *shot, const struct mm *mm,
			     const struct vma *vma)
{
	REQUIRE(shot->nr_areas < SHOT_AREAS);
	shot->area[shot->nr_areas++] = (struct area_shot){
		.start = vma_start(vma).v, .end = vma_end(vma).v,
		.offset = vma->offset, .flags = vma->flags,
		.family = shot_same(mm, vma, false),
		.object = shot_same(mm, vma, true),
		.pager = vma->pager, .name = vma->name,
	};
	if (vma->object)
		shot_object(shot, vma);
}

static inline void shot_take(struct vm_shot *shot, const struct mm *mm)
{
	const struct range_node *node;

	memset(shot, 0, sizeof(*shot));
	if (!mm)
		return;
	range_for_each(node, &mm->vmas)
		shot_area(shot, mm, container_of(node, struct vma, range));
	upt_for_each(&mm->tables, UADDR(0), UADDR(USER_END), shot_entry, shot);
	shot->total_vm = mm->total_vm;
	shot->locked_vm = mm->locked_vm;
	shot->committed = mm->committed;
	shot->rss = mm->rss;
	shot->brk = mm->brk.v;
	shot->has_windows = !list_empty(&mm->windows);
}

/* Worlds that were built apart have different frames. */
static inline void shot_forget_frames(struct vm_shot *shot)
{
	for (unsigned i = 0; i < shot->nr_pages; i++)
		shot->page[i].frame = 0;
}

static inline bool shot_equal(const struct vm_shot *a, const struct vm_shot *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Where two shots differ first, for the report. */
static inline const char *shot_difference(const struct vm_shot *a,
					  const struct vm_shot *b)
{
	static char text[96];

	for (unsigned i = 0; i < SHOT_AREAS; i++)
		if (memcmp(&a->area[i], &b->area[i], sizeof(a->area[i]))) {
			scnprintf(text, sizeof(text),
				  "area %u: %x-%x flags %x family %u, was %x-%x flags %x family %u",
				  i, b->area[i].start, b->area[i].end,
				  b->area[i].flags, b->area[i].family,
				  a->area[i].start, a->area[i].end,
				  a->area[i].flags, a->area[i].family);
			return text;
		}
	for (unsigned i = 0; i < SHOT_PAGES; i++)
		if (memcmp(&a->page[i], &b->page[i], sizeof(a->page[i]))) {
			scnprintf(text, sizeof(text),
				  "page %x rights %x refs %u word %x, was %x rights %x refs %u word %x",
				  b->page[i].va, b->page[i].rights,
				  b->page[i].refs, b->page[i].word,
				  a->page[i].va, a->page[i].rights,
				  a->page[i].refs, a->page[i].word);
			return text;
		}
	return "what is counted";
}
