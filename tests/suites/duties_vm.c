// SPDX-License-Identifier: MIT
/*
 * duties_vm.c (tests) - what the callers of mm/vm/ must do
 *
 * WHAT     Each row breaks one duty of a function of mm/vm/ (duties.h says
 *          more). The address space has one area, at USER_BASE.
 */
#include "lib/errno.h"
#include "mm/account/account.h"
#include "mm/vm/vm_impl.h"
#include "tests/suites/duties.h"

SUITE(duties_vm, vm_check);

static struct mm *mm;
static void *got;
static int   result;

/* ---- locks ------------------------------------------------------------- */

static void find_area(void *arg)
{
	got = vma_find(mm, UADDR(USER_BASE));
}

static void unmap_area(void *arg)
{
	result = mm_unmap_locked(mm, UADDR(USER_BASE), UADDR(USER_BASE +
							     PAGE_SIZE));
}

/* ---- address spaces ----------------------------------------------------- */

static void limit_that_is_none(void *arg)
{
	struct vm_limit old;

	(void)mm_change_limit(mm, VM_NR_LIMITS, NULL, &old);
}

static void limits_of_itself(void *arg)
{
	mm_copy_limits(mm, mm);
}

static void child_of_itself(void *arg)
{
	result = mm_copy_areas(mm, mm);
}

static void object_without_pages(void *arg)
{
	got = vm_object_create(0, false, NULL);
}

static void pages_without_references(void *arg)
{
	static struct page pages[2] = { { .refs = 1 }, { .refs = 0 } };

	(void)mm_map_pages(mm, UADDR(USER_BASE), &pages[1], 1, VM_READ, NULL);
}

static void free_areas_in_use(void *arg)
{
	vma_free_all(mm);
}

static void cut_nothing(void *arg)
{
	mutex_lock(&mm->lock);
	result = mm_unmap_locked(mm, UADDR(USER_BASE), UADDR(USER_BASE));
}

static void touch_in_two_ways(void *arg)
{
	(void)vm_touch(mm, UADDR(USER_BASE), VM_READ | VM_WRITE, false);
}

/* An address space that has ended, and one that has just begun. */
static struct mm ended, fresh;
static struct account ended_account;
static struct vm_object *object;

static void get_ended_space(void *arg)
{
	mm_get(&ended);
}

static void put_ended_space(void *arg)
{
	mm_put(&ended);
}

static void account_twice(void *arg)
{
	ended.account = &ended_account;
	mm_set_account(&ended, &ended_account);
}

static void account_too_late(void *arg)
{
	mm_set_account(mm, NULL);
}

static void child_with_areas(void *arg)
{
	result = mm_copy_areas(mm, &fresh);
}

static void limit_without_question(void *arg)
{
	result = mm_change_limit(mm, VM_LIMIT_AS, NULL, NULL);
}

static void window_twice(void *arg)
{
	struct vm_window window = { .mm = mm };

	result = (int)mm_map_device(mm, PFN(0xfec00), 1, false, NULL, &window);
}

static void mincore_to_nowhere(void *arg)
{
	result = (int)mm_mincore(mm, UADDR(USER_BASE), PAGE_SIZE, NULL, 1);
}

static void page_behind_object(void *arg)
{
	result = vm_object_set(object, 1, mem_map);
}

static void object_of_free_page(void *arg)
{
	result = vm_object_set(object, 0, mem_map);
}

static void pager_half(void *arg)
{
	static const struct vm_pager_ops half = { .get = vma_pager_get };

	got = (void *)vm_set_pager_ops(&half);
}

static void get_no_pager(void *arg)
{
	vma_pager_get(NULL);
}

static void put_no_pager(void *arg)
{
	vma_pager_put(NULL);
}

static void ask_no_pager(void *arg)
{
	got = vma_pager_ask(NULL, mm, UADDR(USER_BASE), VM_READ);
}

static void unpin_what_is_not_pinned(void *arg)
{
	vm_page_unpin(mem_map);
}

static void pin_free_page(void *arg)
{
	result = vm_page_pin(mem_map);
}

static void put_free_page(void *arg)
{
	vm_page_put(mem_map);
}

static void copy_free_page(void *arg)
{
	got = vm_page_copy(mem_map);
}

static void reserve_many_areas(void *arg)
{
	mutex_lock(&mm->lock);
	result = vma_reserve(mm, VMA_SPARES + 1);
}

static void populate_odd_address(void *arg)
{
	result = mm_populate(mm, UADDR(USER_BASE + 1), UADDR(USER_END),
			     VM_READ, false);
}

static void place_of_nothing(void *arg)
{
	struct vma *next;

	mutex_lock(&mm->lock);
	(void)mm_place_before(mm, UADDR(USER_BASE), 0, true, &next);
}

static void clear_what_is_no_hole(void *arg)
{
	mutex_lock(&mm->lock);
	mm_clear_hole(mm, UADDR(USER_BASE), UADDR(USER_BASE + PAGE_SIZE));
}

/* The area at USER_BASE; mm->lock stays taken. */
static struct vma *area(void)
{
	mutex_lock(&mm->lock);
	return vma_find(mm, UADDR(USER_BASE));
}

static void end_without_page(void *arg)
{
	vma_set_end(mm, area(), UADDR(USER_BASE));
}

static void start_without_page(void *arg)
{
	struct vma *vma = area();

	vma_set_start(mm, vma, vma_end(vma));
}

static void isolate_more_than_all(void *arg)
{
	struct vma *vma = area();

	got = vma_isolate(mm, vma, vma_start(vma),
			  uaddr_add(vma_end(vma), PAGE_SIZE));
}

static void flags_of_other_kinds(void *arg)
{
	struct vma *vma = area();

	got = vma_set_flags(mm, vma, vma_start(vma), vma_end(vma),
			    vma->flags | VM_SHARED);
}

static void index_below_area(void *arg)
{
	result = (int)vma_index(area(), UADDR(USER_BASE - PAGE_SIZE));
}

/* ---- what only mm/vm/ calls ---------------------------------------------- */

static void room_backwards(void *arg)
{
	mutex_lock(&mm->lock);
	result = vm_has_room_within(mm, UADDR(USER_END), UADDR(USER_BASE));
}

static void forget_windows_in_use(void *arg)
{
	vm_forget_windows(mm);
}

static void unpay_areas_in_use(void *arg)
{
	vma_unpay_all(mm);
}

static void add_space_again(void *arg)
{
	check_add_mm(&ended);
}

static void remove_space_in_use(void *arg)
{
	check_remove_mm(mm);
}

/* Nobody can name an object without references: this one is made up. */
static uint64_t ended_object[16];

static void get_ended_object(void *arg)
{
	vm_object_get((struct vm_object *)ended_object);
}

static void put_ended_object(void *arg)
{
	vm_object_put((struct vm_object *)ended_object);
}

static void unmapped_without_lock(void *arg)
{
	vm_pages_unmapped(NULL, 0, mm);
}

static void really_cut_nothing(void *arg)
{
	mutex_lock(&mm->lock);
	mm_cut_locked(mm, UADDR(USER_BASE), UADDR(USER_BASE));
}

static void clear_nothing(void *arg)
{
	mutex_lock(&mm->lock);
	mm_clear_hole(mm, UADDR(USER_END), UADDR(USER_END));
}

static void reserve_twice(void *arg)
{
	mutex_lock(&mm->lock);
	result = vma_reserve(mm, 1) || vma_reserve(mm, 1);
}

/* `nr` pages at page `at` of user mode, where the area has two. */
static struct vma area_at(unsigned at, unsigned nr)
{
	uint32_t start = USER_BASE + at * PAGE_SIZE;

	return (struct vma){
		.range = { .start = start, .end = start + nr * PAGE_SIZE },
		.flags = VM_READ,
	};
}

static void add_nothing(void *arg)
{
	struct vma new = area_at(8, 0);

	mutex_lock(&mm->lock);
	result = vma_add(mm, &new);
}

static void add_before_what_lies_below(void *arg)
{
	struct vma new = area_at(8, 1);

	result = vma_add_before(mm, &new, area());
}

static void append_in_front(void *arg)
{
	struct vma new = area_at(1, 1);

	mutex_lock(&mm->lock);
	result = vma_append(mm, &new);
}

static void split_at_start(void *arg)
{
	result = vma_split(mm, area(), UADDR(USER_BASE));
}

static void split_at_end(void *arg)
{
	struct vma *vma = area();

	result = vma_split(mm, vma, vma_end(vma));
}

static void isolate_nothing(void *arg)
{
	got = vma_isolate(mm, area(), UADDR(USER_BASE), UADDR(USER_BASE));
}

/*  the duty that is broken          its words                debug only */
static const struct duty duties[] = {
	{ find_area,                 "hold &mm->lock",               true  },
	{ unmap_area,                "hold &mm->lock",               true  },
	{ limit_that_is_none,        "one of enum vm_limit_kind",    false },
	{ limits_of_itself,          "give two address spaces",      false },
	{ child_of_itself,           "give two address spaces",      false },
	{ object_without_pages,      "ask for a page at least",      false },
	{ pages_without_references,  "a reference to each page",     false },
	{ free_areas_in_use,         "without references",           false },
	{ cut_nothing,               "whole pages of user mode",     true  },
	{ touch_in_two_ways,         "give one way of access",       true  },
	{ get_ended_space,            "have a reference",            false },
	{ put_ended_space,            "have a reference",            false },
	{ account_twice,              "name the account once",       false },
	{ account_too_late,           "anything to pay for",         false },
	{ child_with_areas,           "no areas yet",                false },
	{ limit_without_question,     "or ask what it is",           false },
	{ window_twice,               "unmap the window first",      false },
	{ mincore_to_nowhere,         "where the bytes go",          false },
	{ page_behind_object,         "an index within the object",  false },
	{ object_of_free_page,        "a reference to the page",     false },
	{ pager_half,                 "and how it is dropped",       false },
	{ get_no_pager,               "give a pager",                false },
	{ put_no_pager,               "give a pager",                false },
	{ ask_no_pager,               "give a pager",                false },
	{ unpin_what_is_not_pinned,   "have pinned the page",        false },
	{ pin_free_page,              "a reference to the page",     true  },
	{ put_free_page,              "a reference to the page",     true  },
	{ copy_free_page,             "a reference to the page",     true  },
	{ reserve_many_areas,         "at most VMA_SPARES areas",    false },
	{ populate_odd_address,       "begin at a page",             true  },
	{ place_of_nothing,           "and at least one",            true  },
	{ clear_what_is_no_hole,      "a range without areas",       true  },
	{ end_without_page,           "leave the area a page",       true  },
	{ start_without_page,         "leave the area a page",       true  },
	{ isolate_more_than_all,      "a part of the area",          true  },
	{ flags_of_other_kinds,       "kind of area may have",       true  },
	{ index_below_area,           "an address of the area",      true  },
	{ room_backwards,             "is not below its start",      true  },
	{ forget_windows_in_use,      "without references",          false },
	{ unpay_areas_in_use,         "without references",          false },
	{ add_space_again,            "that is new",                 false },
	{ remove_space_in_use,        "without references",          false },
	{ get_ended_object,           "have a reference",            false },
	{ put_ended_object,           "have a reference",            false },
	{ unmapped_without_lock,      "hold mm->lock",               true  },
	{ really_cut_nothing,         "whole pages of user mode",    true  },
	{ clear_nothing,              "whole pages of user mode",    true  },
	{ reserve_twice,              "use up, or give back",        false },
	{ add_nothing,                "whole pages of user mode",    true  },
	{ add_before_what_lies_below, "the first area behind",       true  },
	{ append_in_front,            "behind all others",           true  },
	{ split_at_start,             "cut inside of the area",      true  },
	{ split_at_end,               "cut inside of the area",      true  },
	{ isolate_nothing,            "a part of the area",          true  },
};

KTEST(duties_vm, a_caller_that_breaks_one_is_told_which)
{
	REQUIRE(!mm_create(&mm));
	object = vm_object_create(1, false, NULL);
	REQUIRE(object);
	REQUIRE(!IS_ERR_VALUE(mm_mmap(mm, UADDR(USER_BASE), 2 * PAGE_SIZE,
				      PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
				      MAP_FIXED)));
	for (unsigned i = 0; i < ARRAY_SIZE(duties); i++) {
		duty_break(&duties[i]);
		if (mm->lock.locked) {
			vma_unreserve(mm);
			mutex_unlock(&mm->lock);
		}
	}
	EXPECT_NULL(mm_check(mm));
	vm_object_put(object);
	mm_put(mm);
}

static void release_what_nobody_promised(void *arg)
{
	commit_release((uint32_t)vm_committed() + 1);
}

KTEST(duties_vm, no_more_is_released_than_was_promised)
{
	unsigned long committed = vm_nr_committed;

	EXPECT_PANIC(release_what_nobody_promised, NULL,
		     "no more than was promised");
	vm_nr_committed = committed;
}
