// SPDX-License-Identifier: MIT
/*
 * text.c - the part of string.h that C does not have
 *
 * WHAT     Bounded copy, names from outside, and reading of numbers as they
 *          stand on a command line. No state; boot/ carries a copy.
 */
#include "lib/errno.h"
#include "lib/string.h"

unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 255;
}

/*
 * Reads 0x... or decimal digits and leaves *s on what follows them.
 *
 * Returns: 0 and *value, -EINVAL (no digit), -ERANGE (all digits skipped).
 */
static int read_digits(const char **s, uint64_t *value)
{
	bool hex = (*s)[0] == '0' && ((*s)[1] == 'x' || (*s)[1] == 'X');
	unsigned base = hex ? 16 : 10;
	uint64_t most = hex ? UINT64_MAX / 16 : UINT64_MAX / 10;
	uint64_t v = 0;
	int err = 0;

	if (hex)
		*s += 2;
	if (digit_value(**s) >= base)
		return -EINVAL;
	for (; digit_value(**s) < base; (*s)++) {
		uint64_t times = v * base;
		uint64_t next = times + digit_value(**s);

		if (v > most || next < times)
			err = -ERANGE;
		v = next;
	}
	*value = v;
	return err;
}

/* `suffixes` says which letters may stand after the digits. */
static int parse_number(const char *s, const char *suffixes, uint64_t *value)
{
	uint64_t v = 0;
	unsigned shift = 0;
	int err = read_digits(&s, &v);
	const char *suffix;

	if (err == -EINVAL)
		return err;
	suffix = *s ? strchr(suffixes, *s) : NULL;
	if (suffix) {
		shift = 10 * (unsigned)((suffix - suffixes) / 2 + 1);
		s++;
	}
	if (*s)
		return -EINVAL;
	if (err || v > UINT64_MAX >> shift)
		return -ERANGE;
	*value = v << shift;
	return 0;
}

int strscpy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size);

	if (n == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, n + 1);
	return (int)n;
}

int parse_u64(const char *s, uint64_t *value)
{
	return parse_number(s, "", value);
}

int parse_size(const char *s, uint64_t *value)
{
	return parse_number(s, "kKmMgG", value);
}

void name_copy(char *dst, const char *src, size_t size)
{
	/* A name that is cut is still a name. */
	(void)strscpy(dst, src, size);
	for (; *dst; dst++)
		if (digit_value(*dst) >= 36 && !strchr("-_.,+/@=", *dst))
			*dst = '?';
}
