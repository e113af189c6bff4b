// SPDX-License-Identifier: MIT
/*
 * vm_check.c - check the laws of address spaces, and show one
 *
 * WHAT     mm_check() looks at the areas and entries of one address space.
 *          vm_check() looks at all of them, and counts how often each page is
 *          mapped.
 *
 * ALGORITHM  V6 needs no table beside the pages. Each entry takes its reference
 *          away from its page. Then each page has left one for its object, if
 *          it has one, the kernel's, and its pins. At last each entry gives its
 *          reference back.
 *
 * LOCKING  all_lock for the list. vm_check() needs the locks of all address
 *          spaces, and does not wait: if a thread holds one, or an address
 *          space is ending (without references), it checks nothing.
 * SEE      mm/vm/mm.h for the invariants.
 */
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "mm/account/account.h"
#include "mm/vm/vm_impl.h"

static struct spinlock all_lock = SPINLOCK_INIT;
static LIST_HEAD(all_mms);

void check_add_mm(struct mm *mm)
{
	irqflags_t flags;

	caller_must(mm->refs == 1, "give an address space that is new");
	flags = spin_lock_irqsave(&all_lock);
	list_add_tail(&mm->all, &all_mms);
	spin_unlock_irqrestore(&all_lock, flags);
}

void check_remove_mm(struct mm *mm)
{
	irqflags_t flags;

	caller_must(!mm->refs, "give an address space without references");
	flags = spin_lock_irqsave(&all_lock);
	list_del(&mm->all);
	spin_unlock_irqrestore(&all_lock, flags);
}

/* ---- V1 to V5, V7: one address space ------------------------------------ */

struct mm_sums {
	struct mm  *mm;
	uint32_t    vmas, total, locked, committed, rss;
	const char *law;
};

static const char *entry_law(const struct vma *vma, uaddr_t va,
			     struct upt_entry entry)
{
	struct page *page = pfn_to_page(entry.pfn);

	HOLDS(vma && vma->flags & VM_TOUCHED,
	      "vm V3: every present entry lies in an area that was touched");
	HOLDS(entry.device == !!(vma->flags & VM_DEVICE),
	      "vm V3: a device's frames are in its areas, and nothing else is");
	if (entry.device)
		return NULL;
	HOLDS((page->state == PAGE_USED || vma->flags & VM_KERNEL_PAGES) &&
	      page->refs > 0,
	      "vm V6: a mapped page is allocated and counted");
	if (vma->object)
		HOLDS(vm_object_find(vma->object, vma_index(vma, va)) == page,
		      "vm V6: a shared area maps the pages of its object");
	if (!(entry.rights & UPT_WRITE))
		return NULL;
	HOLDS(vma->flags & VM_WRITE,
	      "vm V4: an entry is writable only where its area is");
	HOLDS(vma->object || vm_page_is_only(page),
	      "vm V4: a writable private page has one reference");
	return NULL;
}

static int check_entry(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct mm_sums *sums = arg;

	assert_mutex_held(&sums->mm->lock);
	sums->law = entry_law(vma_find(sums->mm, va), va, entry);
	sums->rss += !entry.device && pfn_to_page(entry.pfn) != vm_zero_page;
	return sums->law ? 1 : 0;
}

static const char *check_area(struct mm_sums *sums, const struct vma *vma)
	MUST_HOLD(&sums->mm->lock)
{
	const struct vma *next = vma_next(sums->mm, vma);

	debug_assert_mutex_held(&sums->mm->lock);
	HOLDS(page_aligned(vma_start(vma).v) && page_aligned(vma_end(vma).v),
	      "vm V1: areas are whole pages");
	HOLDS(!next || !vma_joinable(vma, next) ||
	      (vma->flags | next->flags) & VM_UNJOINED,
	      "vm V2: no two neighbours could be one area");
	HOLDS(!(vma->flags & VM_SHARED) == !vma->object,
	      "vm V2: shared areas have an object, private ones none");
	HOLDS(!(vma->flags & ~vma_may_have(vma)),
	      "vm V7: an area has only flags that its kind may have");
	HOLDS(vma->family || !(vma->flags & VM_FORKED),
	      "vm V7: pages of a parent belong to a family");
	HOLDS(!vma->object || (!vma->family && !vma->pager),
	      "vm V7: only private areas have a family or a pager");
	HOLDS(!(vma->flags & VM_DEVICE) || vm_has_window(sums->mm, vma),
	      "map_device W1: a device's area lies within a window");
	sums->vmas++;
	sums->total += vma_pages(vma);
	if (vma->flags & VM_LOCKED)
		sums->locked += vma_pages(vma);
	if (vma->flags & VM_ACCOUNT)
		sums->committed += vma_pages(vma);
	return NULL;
}

static const char *check_locked(struct mm *mm) MUST_HOLD(&mm->lock)
{
	struct mm_sums sums = { .mm = mm };
	const struct range_node *node;
	const char *law = range_tree_check(&mm->vmas);

	assert_mutex_held(&mm->lock);
	mutex_known_held(&sums.mm->lock);
	HOLDS(!law, law);
	range_for_each(node, &mm->vmas) {
		law = check_area(&sums, range_to_vma(node));
		HOLDS(!law, law);
	}
	law = upt_check(&mm->tables);
	HOLDS(!law, law);
	upt_for_each(&mm->tables, UADDR(0), UADDR(USER_END), check_entry,
		     &sums);
	HOLDS(!sums.law, sums.law);
	HOLDS(!mm->account || mm->areas_paid >= mm->nr_vmas,
	      "vm V5: areas are paid for");
	HOLDS(sums.vmas == mm->nr_vmas && sums.total == mm->total_vm &&
	      sums.locked == mm->locked_vm && sums.committed == mm->committed,
	      "vm V5: the sums are those over the areas");
	HOLDS(sums.rss == mm->rss, "vm V5: rss is the number of entries");
	return NULL;
}

const char *mm_check(struct mm *mm)
{
	const char *law;

	mutex_lock(&mm->lock);
	law = check_locked(mm);
	mutex_unlock(&mm->lock);
	return law;
}

/* ---- V6: all of them ---------------------------------------------------- */

/* Add *change to the references: -1 or 1 for each entry. */
static int count_entry(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct page *page = pfn_to_page(entry.pfn);
	const uint32_t *change = arg;

	if (!entry.device && page != vm_zero_page)
		page->refs += *change;
	return 0;
}

static void count_entries(uint32_t change)
{
	struct mm *mm;

	list_for_each_entry(mm, &all_mms, all)
		upt_for_each(&mm->tables, UADDR(0), UADDR(USER_END),
			     count_entry, &change);
}

/*
 * Returns: 1 if more or less is left than the object's one reference, the
 * kernel's, and pins.
 */
static int check_rest(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct page *page = pfn_to_page(entry.pfn);
	struct mm *mm = arg;
	const struct vma *vma;

	assert_mutex_held(&mm->lock);
	vma = vma_find(mm, va);
	if (entry.device || page == vm_zero_page)
		return 0;
	if (vma && vma->flags & VM_KERNEL_PAGES)
		return vm_page_entries(page) > 1;
	return vm_page_entries(page) != (vma && vma->object ? 1 : 0);
}

/* Unlock all that stand before `end` in the list. */
static void unlock_all(const struct list_head *end) NO_LOCK_CHECK
{
	struct mm *mm;

	list_for_each_entry(mm, &all_mms, all) {
		if (&mm->all == end)
			return;
		mutex_unlock(&mm->lock);
	}
}

/* Returns: false: some thread is changing an address space. */
static bool lock_all(void) NO_LOCK_CHECK
{
	struct mm *mm;

	list_for_each_entry(mm, &all_mms, all)
		if (!READ_ONCE(mm->refs) || !mutex_trylock(&mm->lock)) {
			unlock_all(&mm->all);
			return false;
		}
	return true;
}

static const char *check_all(void) NO_LOCK_CHECK
{
	unsigned long committed = 0;
	const char *law = NULL;
	struct mm *mm;
	int wrong = 0;

	list_for_each_entry(mm, &all_mms, all) {
		law = check_locked(mm);
		HOLDS(!law, law);
		committed += mm->committed;
	}
	HOLDS(committed <= vm_committed(),
	      "commit C1: what address spaces were promised is committed");
	count_entries(0u - 1);
	list_for_each_entry(mm, &all_mms, all) {
		wrong = upt_for_each(&mm->tables, UADDR(0), UADDR(USER_END),
				     check_rest, mm);
		if (wrong)
			break;
	}
	if (wrong)
		law = "vm V6: a page's references are the entries that map it";
	count_entries(1);
	return law;
}

const char *vm_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);
	const char *law = NULL;

	if (lock_all()) {
		law = check_all();
		unlock_all(&all_mms);
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return law;
}

unsigned long vm_promised_below(const struct account *account)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);
	unsigned long pages = 0;
	const struct mm *mm;

	list_for_each_entry(mm, &all_mms, all)
		if (account_is_below(mm->account, account))
			pages += mm->committed;
	spin_unlock_irqrestore(&all_lock, flags);
	return pages;
}

void vm_count_charges(void)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);
	const struct mm *mm;

	list_for_each_entry(mm, &all_mms, all) {
		account_seen(mm->account, ACCOUNT_AREAS, mm->areas_paid);
		account_seen(mm->account, ACCOUNT_TABLES,
			     mm->tables.nr_tables);
	}
	spin_unlock_irqrestore(&all_lock, flags);
}

/* ---- maps --------------------------------------------------------------- */

#define NAME_COLUMN  49   /* as on a Linux for 32 bits */

/* The name that Linux would write. */
static const char *name_of(const struct mm *mm, const struct vma *vma)
{
	if (vma->name)
		return vma->name;
	if (vma->object)
		return "/dev/zero (deleted)";
	if (vma_start(vma).v < mm->brk.v && vma_end(vma).v > mm->brk_start.v)
		return "[heap]";
	return "";
}

static void dump_area(const struct mm *mm, const struct vma *vma)
{
	const char *name = name_of(mm, vma);
	unsigned flags = vma->flags;
	char line[128];

	scnprintf(line, sizeof(line), "%08x-%08x %c%c%c%c %08x 00:00 0 ",
		      vma_start(vma).v, vma_end(vma).v,
		      flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		      flags & VM_EXEC ? 'x' : '-',
		      flags & VM_SHARED ? 's' : 'p',
		      vma->object ? vma->offset << PAGE_SHIFT : 0);
	if (*name)
		printk(LOG_INFO, "%-*s%s\n", NAME_COLUMN, line, name);
	else
		printk(LOG_INFO, "%s\n", line);
}

void mm_maps_dump(struct mm *mm)
{
	const struct range_node *node;

	mutex_lock(&mm->lock);
	range_for_each(node, &mm->vmas)
		dump_area(mm, range_to_vma(node));
	mutex_unlock(&mm->lock);
}
