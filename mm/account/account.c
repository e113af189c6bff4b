// SPDX-License-Identifier: MIT
/*
 * account.c - charge and uncharge an account and all accounts above it
 *
 * INVARIANTS of account (account_check() restates them)
 *          K1  used is own and what the accounts below use
 *          K2  no more things exist than own says, of each kind that can be
 *              counted (code charges before it makes a thing, and uncharges
 *              after it has freed the thing)
 *          K3  an account without references has nothing, and is freed
 *
 * ALGORITHM  A charge goes up from account to account. If an account has no
 *          room, the charge fails, and is taken back from the accounts
 *          below.
 *
 *          The same account pays for an object as long as the object exists. If
 *          a task gives an object to another task, the maker still pays. When
 *          the maker has ended, its account stays, because the accounts above
 *          it still pay.
 * LOCKING  Counts are changed by atomic additions, because interrupt handlers
 *          uncharge too. No other thread runs between the first and the last
 *          count of a charge: so K1 holds whenever a thread looks.
 *          accounts_lock: the list of all accounts.
 * SEE      Linux mm/page_counter.c page_counter_try_charge().
 */
#include "mm/account/account.h"

#include "lib/errno.h"
#include "lib/preempt.h"
#include "lib/spinlock.h"
#include "mm/slab/slab.h"

/* The duty of callers that give a kind. */
#define A_KIND  "give one of the kinds of mm/account/account.h"

unsigned long account_defaults[ACCOUNT_NR_KINDS];

static struct kmem_cache *account_cache;
static struct spinlock accounts_lock = SPINLOCK_INIT;
static LIST_HEAD(all_accounts);

static const struct {
	const char *name;
	unsigned    bytes;
} kinds[ACCOUNT_NR_KINDS] = {
#define K(kind, what, bytes) [kind] = { what, bytes },
	ACCOUNT_KINDS(K)
#undef K
};

const char *account_kind_name(enum account_kind kind)
{
	caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	return kinds[kind].name;
}

unsigned account_kind_bytes(enum account_kind kind)
{
	caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	return kinds[kind].bytes;
}

/* ---- accounts ----------------------------------------------------------- */

struct account *account_create(struct account *parent)
{
	struct account *account;
	irqflags_t flags;

	account_get(parent);
	if (parent && parent->depth == ACCOUNT_DEPTH_MAX)
		return parent;
	account = kmem_cache_alloc(account_cache, GFP_KERNEL | GFP_ZERO);
	if (!account) {
		account_put(parent);
		return NULL;
	}
	account->parent = parent;
	account->depth = parent ? parent->depth + 1 : 0;
	account->refs = 1;
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		unsigned long most = parent ? account_defaults[kind]
					    : ACCOUNT_UNLIMITED;

		account->limit[kind] =
			parent ? MIN(parent->limit[kind], most) : most;
		account->hard[kind] =
			parent ? MIN(parent->hard[kind], most) : most;
	}
	flags = spin_lock_irqsave(&accounts_lock);
	list_add_tail(&account->all, &all_accounts);
	spin_unlock_irqrestore(&accounts_lock, flags);
	return account;
}

void account_get(struct account *account)
{
	caller_must(!account || account->refs > 0, "have a reference already");
	if (account)
		__atomic_fetch_add(&account->refs, 1, __ATOMIC_RELAXED);
}

void account_put(struct account *account)
{
	caller_must(!account || account->refs > 0,
		    "have the reference that it puts");
	while (account && !__atomic_sub_fetch(&account->refs, 1,
					      __ATOMIC_ACQ_REL)) {
		struct account *parent = account->parent;
		irqflags_t flags;

		for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
			assert(!account->used[kind]);   /* K3 */
		flags = spin_lock_irqsave(&accounts_lock);
		list_del(&account->all);
		spin_unlock_irqrestore(&accounts_lock, flags);
		kmem_cache_free(account_cache, account);
		account = parent;
	}
}

/* ---- limits ------------------------------------------------------------- */

int account_change_limit(struct account *account, enum account_kind kind,
			 unsigned long limit, unsigned long hard)
{
	irqflags_t flags;
	int err = 0;

	caller_must(account, "give an account: the kernel has no limits");
	caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	if (limit > hard)
		return -EINVAL;
	flags = spin_lock_irqsave(&accounts_lock);
	if (hard > account->hard[kind]) {
		err = -EPERM;
	} else {
		account->hard[kind] = hard;
		WRITE_ONCE(account->limit[kind], limit);
	}
	spin_unlock_irqrestore(&accounts_lock, flags);
	return err;
}

void account_set_limit(struct account *account, enum account_kind kind,
		       unsigned long limit)
{
	irqflags_t flags;

	caller_must(account, "give an account: the kernel has no limits");
	caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	flags = spin_lock_irqsave(&accounts_lock);
	account->hard[kind] = limit;
	WRITE_ONCE(account->limit[kind], limit);
	spin_unlock_irqrestore(&accounts_lock, flags);
}

/* ---- charges ------------------------------------------------------------ */

/* Take n from all accounts from `from` up to, but without, `end`. */
static void take_back(struct account *from, const struct account *end,
		      enum account_kind kind, unsigned long n)
{
	for (; from != end; from = from->parent) {
		unsigned long before = __atomic_fetch_sub(&from->used[kind], n,
							  __ATOMIC_RELAXED);

		assert(before >= n);
	}
}

static bool charge_upwards(struct account *account, enum account_kind kind,
			   unsigned long n)
{
	for (struct account *at = account; at; at = at->parent) {
		unsigned long limit = at->limit[kind];
		unsigned long reserve = at == account ? 0 : limit / 8;
		unsigned long now = __atomic_add_fetch(&at->used[kind], n,
						       __ATOMIC_RELAXED);

		if (likely(now <= limit - reserve))
			continue;
		take_back(account, at->parent, kind, n);
		__atomic_fetch_add(&account->refused, 1, __ATOMIC_RELAXED);
		return false;
	}
	if (account)
		__atomic_fetch_add(&account->own[kind], n, __ATOMIC_RELAXED);
	return true;
}

bool account_charge(struct account *account, enum account_kind kind,
		    unsigned long n)
{
	bool charged;

	debug_caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	preempt_disable();
	charged = charge_upwards(account, kind, n);
	preempt_enable();
	return charged;
}

void account_uncharge(struct account *account, enum account_kind kind,
		      unsigned long n)
{
	unsigned long before;

	debug_caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	if (!account)
		return;
	preempt_disable();
	before = __atomic_fetch_sub(&account->own[kind], n, __ATOMIC_RELAXED);
	assert(before >= n);
	take_back(account, NULL, kind, n);
	preempt_enable();
}

unsigned long account_own_bytes(const struct account *account)
{
	unsigned long bytes = 0;

	for (unsigned kind = 0; account && kind < ACCOUNT_NR_KINDS; kind++)
		bytes += READ_ONCE(account->own[kind]) * kinds[kind].bytes;
	return bytes;
}

/* ---- promises ----------------------------------------------------------- */

bool account_is_below(const struct account *account, const struct account *top)
{
	while (account && account != top)
		account = account->parent;
	return account;
}

void account_promised(struct account *account, uint32_t pages)
{
	if (account)
		__atomic_fetch_add(&account->promised, (unsigned long)(int32_t)
				   pages, __ATOMIC_RELAXED);
}

unsigned long account_promised_below(const struct account *top)
{
	irqflags_t flags = spin_lock_irqsave(&accounts_lock);
	const struct account *account;
	unsigned long pages = 0;

	list_for_each_entry(account, &all_accounts, all)
		if (account_is_below(account, top))
			pages += account->promised;
	spin_unlock_irqrestore(&accounts_lock, flags);
	return pages;
}

/* ---- check -------------------------------------------------------------- */

void account_seen(struct account *account, enum account_kind kind,
		  unsigned long n)
{
	debug_caller_must(kind < ACCOUNT_NR_KINDS, A_KIND);
	if (account)
		account->seen[kind] += n;
}

/* Kinds of which kernel/trial/accounts.c does not find all things. */
#define NOT_COUNTED \
	(1u << ACCOUNT_OBJECTS | 1u << ACCOUNT_ARRAYS | 1u << ACCOUNT_DMA)

static const char *one_check(const struct account *account)
{
	const struct account *below;

	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++) {
		unsigned long sum = account->own[kind];

		list_for_each_entry(below, &all_accounts, all)
			if (below->parent == account)
				sum += below->used[kind];
		HOLDS(account->refs > 0 || !account->used[kind],
		      "account K3: an account without references has nothing");
		HOLDS(account->used[kind] == sum,
		      "account K1: used is own and what those below use");
		HOLDS((NOT_COUNTED >> kind & 1) ||
		      account->own[kind] >= account->seen[kind],
		      "account K2: what there is has been charged");
	}
	return NULL;
}

const char *account_check(void (*count)(void))
{
	irqflags_t flags;
	const char *law = NULL;
	struct account *account;

	caller_must(count, "give a function that counts all things");
	flags = spin_lock_irqsave(&accounts_lock);
	list_for_each_entry(account, &all_accounts, all)
		for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
			account->seen[kind] = 0;
	count();
	list_for_each_entry(account, &all_accounts, all)
		if (!law)
			law = one_check(account);
	spin_unlock_irqrestore(&accounts_lock, flags);
	return law;
}

void account_init(void)
{
	caller_must(!account_cache, "call this once");
	account_cache = kmem_cache_create("account", sizeof(struct account), 0,
					  SLAB_PANIC, NULL);
	for (unsigned kind = 0; kind < ACCOUNT_NR_KINDS; kind++)
		account_defaults[kind] = ACCOUNT_UNLIMITED;
}
