// SPDX-License-Identifier: MIT
/*
 * irq_alloc.c (tests) - interrupts in the middle of the allocators
 *
 * WHAT     The clock on the board (RTC) interrupts about 8000 times a second.
 *          Its handler takes and gives back pages, objects and kmap_local()
 *          slots. The interrupted code does the same. Neither may get what the
 *          other one has.
 *
 * SEE      Motorola MC146818A data sheet: registers A to C.
 */
#include <arch/io.h>
#include <arch/irq.h>
#include <arch/irqflags.h>

#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"

#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define RTC_A           0x0a
#define RTC_A_8192_HZ   0x23
#define RTC_B           0x0b
#define RTC_B_PERIODIC  0x40
#define RTC_C           0x0c   /* read: the interrupt has been seen          */
#define IRQ_RTC         8

#define TICKS           100u
#define ROUNDS_MAX      200000u

SUITE(irq_alloc, page_alloc_check);

static volatile unsigned ticks, wrong;
static void *kept;   /* by the handler, from one tick to the next */

static uint8_t cmos_read(uint8_t reg)
{
	outb(CMOS_INDEX, reg);
	return inb(CMOS_DATA);
}

static void cmos_write(uint8_t reg, uint8_t value)
{
	outb(CMOS_INDEX, reg);
	outb(CMOS_DATA, value);
}

/* Take one of each, check that no other code writes to it, give it back. */
static void use_one_of_each(gfp_t gfp, uint32_t tag)
{
	struct page *page = alloc_page(gfp | GFP_HIGHMEM);
	volatile uint32_t *object = kmalloc(64, gfp);
	volatile uint32_t *map;

	if (page && object) {
		map = kmap_local(page);
		*map = tag;
		*object = tag;
		wrong += *map != tag || *object != tag;
		kunmap_local((void *)map);
	}
	kfree((void *)object);
	if (page)
		free_page(page);
}

static void tick(unsigned irq, void *arg)
{
	ticks++;
	use_one_of_each(GFP_ATOMIC, 0xdead0000 + ticks);
	/* The interrupted code finds one object more, or one less. */
	kfree(kept);
	kept = ticks % 2 ? kmalloc(64, GFP_ATOMIC) : NULL;
	cmos_read(RTC_C);
}

static void use_between_ticks(void)
{
	for (unsigned i = 0; i < ROUNDS_MAX && ticks < TICKS; i++)
		use_one_of_each(GFP_KERNEL, i);
}

KTEST(irq_alloc, handlers_and_what_they_interrupt_never_share)
{
	uint8_t a = cmos_read(RTC_A), b = cmos_read(RTC_B);

	ticks = 0;
	wrong = 0;
	REQUIRE(irq_set_handler(IRQ_RTC, tick, NULL) == 0);
	cmos_write(RTC_A, RTC_A_8192_HZ);
	cmos_write(RTC_B, b | RTC_B_PERIODIC);
	cmos_read(RTC_C);
	irq_unmask(IRQ_RTC);

	use_between_ticks();

	irq_mask(IRQ_RTC);
	cmos_write(RTC_B, b);
	cmos_write(RTC_A, a);
	cmos_read(RTC_C);
	REQUIRE(irq_set_handler(IRQ_RTC, NULL, NULL) == 0);
	kfree(kept);
	kept = NULL;
	EXPECT_EQ(wrong, 0);
	EXPECT_NULL(kmap_local_check());
	if (ticks < TICKS)
		SKIP("the clock gave %u interrupts only", ticks);
}
