// SPDX-License-Identifier: MIT
/*
 * pin.c (tests) - pages that a device reaches stay, and stay their owner's
 */
#include "mm/kva/kmap.h"
#include "tests/suites/vm_test.h"

SUITE(pin, vm_check);

#define NR  4

static struct page *pages[NR + 1];

static uint8_t byte_of(struct page *page)
{
	uint8_t *bytes = kmap_local(page), byte = bytes[0];

	kunmap_local(bytes);
	return byte;
}

/* Write as a device does. */
static void write_byte(struct page *page, uint8_t byte)
{
	uint8_t *bytes = kmap_local(page);

	bytes[0] = byte;
	kunmap_local(bytes);
}

KTEST(pin, pages_are_those_of_the_entries)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, NR, PROT_RW);
	test_fill(mm, 0, 2, 1);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0) + 100), PAGES(NR) - 100, true, pages),
		  0);
	for (unsigned i = 0; i < NR; i++) {
		struct upt_entry entry = upt_lookup(&mm->tables, UADDR(AT(i)));

		EXPECT(entry.present && entry.rights & UPT_WRITE);
		EXPECT(pfn_to_page(entry.pfn) == pages[i]);
		EXPECT(vm_page_is_pinned(pages[i]));
		EXPECT_EQ(vm_page_entries(pages[i]), 1);
	}
	EXPECT_EQ(byte_of(pages[1]), 2);
	EXPECT_EQ(vm_nr_pins, NR);
	EXPECT_NULL(vm_check());
	mm_unpin(pages, NR);
	EXPECT_EQ(vm_nr_pins, 0);
	test_end(mm);
}

KTEST(pin, a_pinned_page_outlives_its_mapping)
{
	unsigned long before = nr_free_pages();
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 9);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), 0);
	test_end(mm);
	EXPECT_EQ(byte_of(pages[0]), 9);
	EXPECT(nr_free_pages() < before);
	mm_unpin(pages, 1);
	EXPECT_NULL(vm_check());
}

/* Linux had this error before 5.9. */
KTEST(pin, a_fork_leaves_the_device_with_the_parent)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), 0);
	child = test_fork(mm);
	EXPECT_NULL(vm_check());
	EXPECT_EQ(poke(mm, AT(0) + 1, 5), 5);
	write_byte(pages[0], 77);
	EXPECT_EQ(peek(mm, AT(0)), 77);
	EXPECT_EQ(peek(child, AT(0)), 1);
	EXPECT_EQ(poke(child, AT(0), 3), 3);
	EXPECT_EQ(byte_of(pages[0]), 77);
	/* The other page is shared as usual. */
	EXPECT_EQ(peek(child, AT(1)), 2);
	mm_unpin(pages, 1);
	test_end(child);
	test_end(mm);
}

KTEST(pin, the_owner_writes_to_the_pinned_page_itself)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), 0);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_RW), 0);
	EXPECT_EQ(poke(mm, AT(0), 6), 6);
	EXPECT_EQ(byte_of(pages[0]), 6);
	mm_unpin(pages, 1);
	test_end(mm);
}

KTEST(pin, pinning_for_writing_ends_a_sharing)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	child = test_fork(mm);
	EXPECT_EQ(mm_pin(child, UADDR(AT(0)), 1, true, pages), 0);
	write_byte(pages[0], 50);
	EXPECT_EQ(peek(mm, AT(0)), 1);
	EXPECT_EQ(peek(child, AT(0)), 50);
	mm_unpin(pages, 1);
	test_end(child);
	test_end(mm);
}

/*
 * The device only reads, but the driver gets a page of its own. A shared page
 * would belong to the parent alone when the driver unmaps it: the parent could
 * write to it, and the device would read that.
 */
KTEST(pin, pinning_for_reading_ends_a_sharing)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_READ), 0);
	child = test_fork(mm);
	EXPECT_EQ(mm_pin(child, UADDR(AT(0)), PAGES(2), false, pages), 0);
	EXPECT_EQ(mm_munmap(child, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_RW), 0);
	EXPECT_EQ(poke(mm, AT(0), 66), 66);
	EXPECT_EQ(poke(mm, AT(1), 77), 77);
	EXPECT_EQ(byte_of(pages[0]), 1);
	EXPECT_EQ(byte_of(pages[1]), 2);
	EXPECT_NULL(vm_check());
	mm_unpin(pages, 2);
	test_end(child);
	test_end(mm);
}

/* A driver maps once and writes often: a write must not move the page. */
KTEST(pin, what_is_written_later_is_what_the_device_reads)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 1, 1);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	child = test_fork(mm);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(2), false, pages), 0);
	EXPECT_EQ(poke(mm, AT(0), 5), 5);
	EXPECT_EQ(poke(mm, AT(1), 6), 6);
	EXPECT_EQ(byte_of(pages[0]), 5);
	EXPECT_EQ(byte_of(pages[1]), 6);
	EXPECT_EQ(peek(child, AT(0)), 1);
	mm_unpin(pages, 2);
	test_end(child);
	test_end(mm);
}

KTEST(pin, a_pinned_page_is_not_given_away)
{
	struct mm *mm = test_mm(), *other = test_mm();
	struct page *taken;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(2), true, pages), 0);
	EXPECT_IS(mm_transfer(mm, UADDR(AT(0)), PAGES(1), other, UADDR(AT(8)),
			      VM_READ | VM_WRITE, true),
		  AT(8));
	taken = mm_take_page(mm, UADDR(AT(1)));
	REQUIRE(taken);
	write_byte(pages[0], 50);
	write_byte(pages[1], 51);
	EXPECT_EQ(peek(other, AT(8)), 1);
	EXPECT_EQ(byte_of(taken), 2);
	EXPECT_EQ(poke(other, AT(8), 9), 9);
	EXPECT_EQ(byte_of(pages[0]), 50);
	EXPECT_NULL(vm_check());
	vm_page_put(taken);
	mm_unpin(pages, 2);
	test_end(other);
	test_end(mm);
}

KTEST(pin, pinned_pages_count_as_promised)
{
	unsigned long before = vm_committed();
	struct mm *mm = test_mm();

	test_map(mm, 0, NR, PROT_RW);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0) + 1), PAGES(2), true, pages), 0);
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(0)), PAGES(NR)), 0);
	EXPECT_EQ(vm_committed(), before + 3);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(2), true, pages + 3), -EFAULT);
	EXPECT_EQ(vm_committed(), before + 3);
	mm_unpin(pages, 3);
	EXPECT_EQ(vm_committed(), before);
	test_end(mm);
}

KTEST(pin, shared_areas_and_zero_pages_can_be_read)
{
	struct mm *mm = test_mm(), *child;

	test_map_shared(mm, 0, 1, PROT_RW);
	test_map(mm, 1, 1, PROT_READ);
	test_fill(mm, 0, 1, 1);
	child = test_fork(mm);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(2), false, pages), 0);
	EXPECT(pages[1] == vm_zero_page);
	EXPECT(!vm_page_is_pinned(vm_zero_page));
	EXPECT_EQ(poke(child, AT(0), 8), 8);
	EXPECT_EQ(byte_of(pages[0]), 8);
	EXPECT_NULL(vm_check());
	mm_unpin(pages, 2);
	test_end(child);
	test_end(mm);
}

KTEST(pin, what_is_not_the_programs_is_refused)
{
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm();
	uint32_t registers;

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 1, 1, PROT_READ);
	test_map(mm, 2, 1, PROT_NONE);
	registers = (uint32_t)mm_map_device(mm, PFN(0xfec00), 1, false, NULL,
					    &window);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(2), true, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(1)), PAGES(2), false, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(3)), 1, false, pages), -EFAULT);
	test_fill(mm, 0, 1, 1);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(registers), 1, false, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(PAGE_OFFSET - 1), 2, false, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(UINT32_MAX), 1, false, pages), -EFAULT);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 0, false, pages), -EFAULT);
	EXPECT_EQ(vm_nr_pins, 0);
	mm_unmap_device(&window);
	test_end(mm);
}

/* Each pin is charged like one promised page. */
KTEST(pin, too_many_pins_of_one_page_are_refused)
{
	struct mm *mm, *other;
	unsigned n = 0;

	if (vm_commit_limit < vm_committed() + VM_PINS_MAX + 1)
		SKIP("needs room for as many promises");
	mm = test_mm();
	test_map(mm, 0, 1, PROT_RW);
	while (n <= VM_PINS_MAX && !mm_pin(mm, UADDR(AT(0)), 1, true, pages))
		n++;
	EXPECT_EQ(n, VM_PINS_MAX);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), -EBUSY);
	/* The copy for a receiver would need one more. */
	other = test_mm();
	EXPECT_IS(mm_transfer(mm, UADDR(AT(0)), PAGES(1), other, UADDR(AT(8)),
			      VM_READ, true),
		  -ENOMEM);
	EXPECT_EQ(vm_nr_pins, n);
	EXPECT_NULL(vm_check());
	while (n--)
		mm_unpin(pages, 1);
	EXPECT_EQ(vm_nr_pins, 0);
	test_end(other);
	test_end(mm);
}

static bool fork_once(void *arg)
{
	struct mm *mm = arg, *child;

	if (mm_fork(mm, &child))
		return false;
	EXPECT_EQ(peek(child, AT(0)), 1);
	test_end(child);
	return true;
}

KTEST(pin, without_memory_a_fork_of_pinned_pages_fails_whole)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, NR, PROT_RW);
	test_fill(mm, 0, NR, 1);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), PAGES(NR), true, pages), 0);
	EXPECT(ktest_each_failure(fork_once, mm) >= NR);
	for (unsigned i = 0; i < NR; i++)
		EXPECT_EQ(vm_page_entries(pages[i]), 1);
	mm_unpin(pages, NR);
	test_end(mm);
}

static void unpin_again(void *page)
{
	mm_unpin((struct page *const *)&page, 1);
}

KTEST(pin, unpinning_twice_is_caught)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(mm_pin(mm, UADDR(AT(0)), 1, true, pages), 0);
	mm_unpin(pages, 1);
	EXPECT_PANIC(unpin_again, pages[0], "vm_page_is_pinned");
	test_end(mm);
}
