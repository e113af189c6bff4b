// SPDX-License-Identifier: MIT
/*
 * map_device.c (tests) - windows onto a device's frames
 */
#include "lib/random.h"
#include "tests/suites/vm_test.h"

SUITE(map_device, vm_check);

/* The I/O APIC and what follows: never RAM on a PC. No test reads it. */
#define REGISTERS  PFN(0xfec00)

static void test_window(struct vm_window *window, struct mm *mm, unsigned nr)
{
	long addr = mm_map_device(mm, REGISTERS, nr, false, "[device]",
				  window);

	REQUIRE(!IS_ERR_VALUE(addr));
	EXPECT_IS(addr, window->start.v);
	EXPECT_NULL(mm_check(mm));
}

static struct upt_entry entry_at(struct mm *mm, uint32_t addr)
{
	return upt_lookup(&mm->tables, UADDR(addr));
}

KTEST(map_device, a_window_shows_the_frames_and_counts_none)
{
	struct mm *mm = test_mm();
	struct vm_window window = { .mm = NULL };

	test_window(&window, mm, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct upt_entry entry = entry_at(mm,
						  window.start.v + PAGES(i));

		EXPECT(entry.present && entry.device);
		EXPECT_EQ(entry.pfn.v, REGISTERS.v + i);
		EXPECT_EQ(entry.rights, UPT_READ | UPT_WRITE);
	}
	EXPECT_EQ(mm->rss, 0);
	EXPECT_EQ(mm->total_vm, 3);
	mm_unmap_device(&window);
	EXPECT(!window.mm);
	EXPECT_STREQ(maps(mm), "");
	test_end(mm);
}

KTEST(map_device, taking_back_twice_is_harmless)
{
	struct mm *mm = test_mm();
	struct vm_window window = { .mm = NULL };

	test_window(&window, mm, 1);
	mm_unmap_device(&window);
	mm_unmap_device(&window);
	test_end(mm);
}

KTEST(map_device, what_the_program_unmapped_stays_unmapped)
{
	struct mm *mm = test_mm();
	struct vm_window window = { .mm = NULL };
	uint32_t second;

	test_window(&window, mm, 4);
	second = window.start.v + PAGES(1);
	EXPECT_EQ(mm_munmap(mm, UADDR(second), PAGES(2)), 0);
	EXPECT(!entry_at(mm, second).present);
	EXPECT_NULL(mm_check(mm));
	/* Other memory that is mapped there is not a part of the window. */
	EXPECT_IS(mm_mmap(mm, UADDR(second), PAGES(1), PROT_RW, ANON_FIXED),
		  second);
	EXPECT_EQ(poke(mm, second, 7), 7);
	mm_unmap_device(&window);
	EXPECT_EQ(peek(mm, second), 7);
	EXPECT_EQ(mm->nr_vmas, 1);
	test_end(mm);
}

KTEST(map_device, a_second_window_over_the_first_is_left_alone)
{
	struct mm *mm = test_mm();
	struct vm_window first = { .mm = NULL }, second = { .mm = NULL };

	test_window(&first, mm, 2);
	EXPECT_EQ(mm_munmap(mm, first.start, PAGES(2)), 0);
	test_window(&second, mm, 2);
	EXPECT_EQ(second.start.v, first.start.v);
	mm_unmap_device(&first);
	EXPECT(entry_at(mm, second.start.v).present);
	mm_unmap_device(&second);
	test_end(mm);
}

KTEST(map_device, a_child_does_not_have_it)
{
	struct mm *mm = test_mm(), *child;
	struct vm_window window = { .mm = NULL };

	test_window(&window, mm, 2);
	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 5);
	child = test_fork(mm);
	EXPECT(!entry_at(child, window.start.v).present);
	EXPECT_STREQ(maps(child), "100-101 rw-p");
	EXPECT_EQ(peek(child, AT(0)), 5);
	EXPECT_NULL(vm_check());
	test_end(child);
	mm_unmap_device(&window);
	test_end(mm);
}

KTEST(map_device, it_cannot_be_changed_moved_or_given_away)
{
	struct mm *mm = test_mm(), *other = test_mm();
	struct vm_window window = { .mm = NULL };
	uint32_t at;

	test_window(&window, mm, 2);
	at = window.start.v;
	EXPECT_IS(mm_mprotect(mm, UADDR(at), PAGES(1), PROT_READ), -EACCES);
	EXPECT_IS(mm_mprotect(mm, UADDR(at), PAGES(1), PROT_RW), 0);
	EXPECT_EQ(mm->nr_vmas, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(at), PAGES(2), PAGES(3), MREMAP_MAYMOVE,
			    UADDR(0)),
		  -EFAULT);
	EXPECT_IS(mm_mremap(mm, UADDR(at), PAGES(2), PAGES(2),
			    MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(AT(8))),
		  -EFAULT);
	EXPECT_IS(mm_madvise(mm, UADDR(at), PAGES(1), MADV_DONTNEED), -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(at), PAGES(1), MADV_DOFORK), -EINVAL);
	EXPECT_IS(mm_transfer(mm, UADDR(at), PAGES(1), other, UADDR(0), VM_READ,
			      false),
		  -EFAULT);
	EXPECT_IS(mm_transfer(mm, UADDR(at), PAGES(1), other, UADDR(0), VM_READ,
			      true),
		  -EFAULT);
	EXPECT(!mm_take_page(mm, UADDR(at)));
	EXPECT(entry_at(mm, at).device);
	mm_unmap_device(&window);
	EXPECT_STREQ(maps(mm), "");
	test_end(mm);
	test_end(other);
}

KTEST(map_device, the_kernel_copies_nothing_from_it)
{
	struct mm *mm = test_mm();
	struct vm_window window = { .mm = NULL };

	test_window(&window, mm, 1);
	EXPECT_EQ(peek(mm, window.start.v), FAULTS);
	EXPECT_EQ(poke(mm, window.start.v, 1), FAULTS);
	mm_unmap_device(&window);
	test_end(mm);
}

/* Memory that the program shares with its device is no page of its own. */
KTEST(map_device, shared_memory_is_no_page_of_the_program)
{
	struct page *memory = test_kernel_pages(0), *pinned;
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm();

	REQUIRE(!IS_ERR_VALUE(mm_map_device(mm, page_to_pfn(memory), 1, true,
					    NULL, &window)));
	EXPECT_EQ(peek(mm, window.start.v), FAULTS);
	EXPECT_EQ(poke(mm, window.start.v, 1), FAULTS);
	EXPECT_EQ(mm_pin(mm, window.start, 1, true, &pinned), -EFAULT);
	EXPECT_EQ(mm_pin(mm, window.start, 1, false, &pinned), -EFAULT);
	EXPECT(!mm_take_page(mm, window.start));
	EXPECT(!mm_copy_page(mm, window.start));
	EXPECT_EQ(memory->refs, 1);
	EXPECT_EQ(touch(mm, window.start.v, VM_WRITE), VM_FAULT_BUS);
	mm_unmap_device(&window);
	EXPECT_EQ(memory->refs, 1);
	test_end(mm);
	test_free_kernel_pages(memory, 0);
}

KTEST(map_device, sizes_that_cannot_be_are_refused)
{
	struct mm *mm = test_mm();
	struct vm_window window = { .mm = NULL };

	EXPECT_IS(mm_map_device(mm, REGISTERS, 0, false, NULL, &window),
		  -EINVAL);
	EXPECT_IS(mm_map_device(mm, REGISTERS, 0x100000, false, NULL, &window),
		  -EINVAL);
	EXPECT_IS(mm_map_device(mm, REGISTERS, (USER_END >> PAGE_SHIFT) + 1,
				false, NULL, &window),
		  -EINVAL);
	EXPECT_IS(mm_map_device(mm, REGISTERS, USER_END >> PAGE_SHIFT, false,
				NULL, &window),
		  -ENOMEM);
	EXPECT_IS(mm_map_device(mm, REGISTERS, 0xbfff0, false, NULL, &window),
		  -ENOMEM);
	EXPECT(!window.mm);
	test_end(mm);
}

/* Otherwise a driver's memory would stay until the device is closed. */
KTEST(map_device, an_address_space_takes_its_windows_along)
{
	struct vm_window first = { .mm = NULL }, second = { .mm = NULL };
	unsigned long before = nr_free_pages();
	struct mm *mm = test_mm();

	test_map(mm, 0, 64, PROT_RW);
	test_fill(mm, 0, 64, 1);
	test_window(&first, mm, 2);
	test_window(&second, mm, 1);
	mm_put(mm);
	EXPECT(!first.mm && !second.mm);
	EXPECT(nr_free_pages() + 32 > before);
	mm_unmap_device(&first);
	EXPECT_NULL(vm_check());
}

KTEST(map_device, shared_memory_counts_as_promised)
{
	unsigned long before = vm_committed();
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm();
	long addr = mm_map_device(mm, REGISTERS, 3, true, NULL, &window);

	REQUIRE(!IS_ERR_VALUE(addr));
	EXPECT_EQ(vm_committed(), before + 3);
	/* Only mm_unmap_device() ends the promise, not munmap(). */
	EXPECT_EQ(mm_munmap(mm, window.start, PAGES(3)), 0);
	EXPECT_EQ(vm_committed(), before + 3);
	mm_unmap_device(&window);
	EXPECT_EQ(vm_committed(), before);
	test_end(mm);
}

static unsigned windows_before;

static bool map_once(void *arg)
{
	struct vm_window window = { .mm = NULL };
	struct mm *mm = arg;
	long addr = mm_map_device(mm, REGISTERS, 600, false, NULL, &window);

	EXPECT_NULL(mm_check(mm));
	if (IS_ERR_VALUE(addr)) {
		EXPECT_IS(addr, -ENOMEM);
		EXPECT(!window.mm);
		EXPECT_EQ(mm->nr_vmas, windows_before);
		return false;
	}
	for (unsigned i = 0; i < 600; i++)
		EXPECT(entry_at(mm, window.start.v + PAGES(i)).present);
	mm_unmap_device(&window);
	return true;
}

KTEST(map_device, without_memory_nothing_is_mapped)
{
	struct vm_window above = { .mm = NULL };
	struct mm *mm = test_mm();

	EXPECT(ktest_each_failure(map_once, mm) >= 3);
	/* The next ones would lie below this one. */
	test_window(&above, mm, 1);
	windows_before = 1;
	EXPECT(ktest_each_failure(map_once, mm) >= 2);
	windows_before = 0;
	EXPECT(entry_at(mm, above.start.v).present);
	mm_unmap_device(&above);
	test_end(mm);
}

KTEST(map_device, random_calls_find_no_way_to_break_it)
{
	struct mm *mm = test_mm();
	struct vm_window windows[4] = { { .mm = NULL } };
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 200; i++) {
		struct vm_window *window = &windows[rng_below(&rng, 4)];
		uint32_t at, n = PAGES(1 + rng_below(&rng, 4));

		if (!window->mm)
			test_window(window, mm, 1 + rng_below(&rng, 6));
		at = window->start.v + PAGES(rng_below(&rng, 4));
		switch (rng_below(&rng, 7)) {
		case 0:
			mm_unmap_device(window);
			break;
		case 1:
			mm_munmap(mm, UADDR(at), n);
			break;
		case 2:
			mm_mmap(mm, UADDR(at), n, PROT_RW,
				ANON_FIXED | MAP_POPULATE);
			break;
		case 3:
			mm_mremap(mm, UADDR(at), n, n + PAGES(1),
				  MREMAP_MAYMOVE, UADDR(0));
			break;
		case 4:
			mm_mprotect(mm, UADDR(at), n, PROT_READ);
			break;
		case 5:
			mm_mlock(mm, UADDR(at), n);
			break;
		default:
			mm_madvise(mm, UADDR(at), n, MADV_DONTNEED);
		}
		EXPECT_NULL(mm_check(mm));
	}
	for (unsigned i = 0; i < 4; i++)
		mm_unmap_device(&windows[i]);
	test_end(mm);
}

KTEST(map_device, check_finds_what_is_broken)
{
	struct mm *mm = test_mm();
	struct vma *vma;
	struct vm_window window = { .mm = NULL };

	test_window(&window, mm, 3);
	window.start.v += PAGE_SIZE;
	EXPECT_LAW(mm_check(mm), "map_device W1");
	window.start.v -= PAGE_SIZE;
	window.length -= PAGE_SIZE;
	EXPECT_LAW(mm_check(mm), "map_device W1");
	window.length += PAGE_SIZE;
	window.family++;
	EXPECT_LAW(mm_check(mm), "map_device W1");
	window.family--;
	EXPECT_NULL(mm_check(mm));
	mutex_lock(&mm->lock);
	vma = vma_find(mm, window.start);
	mutex_unlock(&mm->lock);
	REQUIRE(vma);
	vma->flags &= ~VM_DEVICE;
	EXPECT_LAW(mm_check(mm), "vm V3");
	vma->flags |= VM_DEVICE;
	EXPECT_NULL(mm_check(mm));
	mm_unmap_device(&window);
	test_end(mm);
}
