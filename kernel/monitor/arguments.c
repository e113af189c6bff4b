// SPDX-License-Identifier: MIT
/*
 * arguments.c - from what somebody typed to a value that can be used
 */
#include <arch/kva.h>

#include "kernel/diag/symbols.h"
#include "kernel/monitor/monitor_impl.h"
#include "kernel/task/task.h"
#include "lib/string.h"
#include "mm/page/page.h"
#include "mm/slab/slab.h"

#define SYMBOL_MAX  64

/* name or name+hexadecimal. Returns: is there such a function? */
static bool symbol_value(const char *text, uint32_t *va)
{
	const char *plus = strchr(text, '+');
	char name[SYMBOL_MAX];
	uint32_t offset = 0;

	if (strscpy(name, text, sizeof(name)) < 0)
		return false;
	if (plus) {
		name[plus - text] = '\0';
		if (parse_hex32(plus + 1, &offset))
			return false;
	}
	*va = (uint32_t)symbol_address(name);
	*va += *va ? offset : 0;
	return *va != 0;
}

int arg_address(const char *text, uint32_t *va)
{
	int err = parse_hex32(text, va);

	if (err == -ERANGE)
		return complain("%.40s: an address has 32 bits", text);
	if (err && !symbol_value(text, va))
		return complain("%.40s: neither a hexadecimal number nor a function",
				text);
	return 0;
}

/* `err` and `n` are what parse_u64() or parse_size() gave. */
static int check_number(const char *text, int err, const uint64_t *n,
			uint64_t min, uint64_t max)
{
	if (err == -EINVAL)
		return complain("%.40s: not a number", text);
	if (err || *n < min || *n > max)
		return complain("%.40s: not between %llu and %llu", text,
				(unsigned long long)min,
				(unsigned long long)max);
	return 0;
}

int arg_number(const char *text, uint64_t min, uint64_t max, uint64_t *n)
{
	return text ? check_number(text, parse_u64(text, n), n, min, max) : 0;
}

int arg_size(const char *text, uint64_t max, uint64_t *n)
{
	return check_number(text, parse_size(text, n), n, 1, max);
}

int arg_pfn(const char *text, pfn_t *pfn)
{
	uint64_t n = 0;
	int err = parse_u64(text, &n);

	if (err == -EINVAL)
		return complain("%.40s: not a frame number", text);
	if (err || n >= max_pfn.v)
		return complain("%.40s: memory ends before frame 0x%x", text,
				max_pfn.v);
	*pfn = PFN((uint32_t)n);
	return 0;
}

int arg_task(const char *text, struct task **taskp)
{
	uint64_t pid;

	if (!text)
		return 0;
	if (arg_number(text, 1, PID_MAX - 1, &pid))
		return -EINVAL;
	*taskp = task_find((uint32_t)pid);
	if (!*taskp)
		return complain("%.40s: no such task; `ps` lists them", text);
	if ((*taskp)->mm)
		return 0;
	object_put(&(*taskp)->object);
	return complain("%.40s: has ended, and has no memory any more", text);
}

int arg_cache(const char *text, struct kmem_cache **cachep)
{
	*cachep = kmem_cache_find(text);
	if (!*cachep)
		return complain("%.40s: no such cache; `slabinfo` lists them",
				text);
	return 0;
}
