// SPDX-License-Identifier: MIT
/*
 * printf.c - formatted text into a buffer
 *
 * WHAT     The one formatter behind the log, the dumps and the tests.
 *
 * PICTURE  One conversion, as C and printf.h define it:
 *
 *            %  -0+ #   width   .precision   hh h l ll z t   d
 *               flags                        length          conversion
 *
 *          and the parts of the text that it makes:
 *
 *            [spaces] prefix [zeros] digits [spaces]
 *               |     "-" "0x"  |       |      |
 *               |               |       |      left-adjusted
 *               right-adjusted  |       precision is the fewest digits
 *                               0 flag, when there is no precision
 *
 * TERMS    sink     where characters go; counts also those that do not fit
 *          spec     one conversion, taken apart
 *
 * ALGORITHM  The digits are written into a small array, the last digit first.
 *          Then their number is known, and so is the padding. As soon as the
 *          value fits into 32 bits, it is divided as a 32-bit number.
 *
 * LOCKING  No state. boot/ has a copy of this file. The host's C library has
 *          vsnprintf() and snprintf() too, so the host build renames ours.
 * SEE      C11 7.21.6.1; Linux Documentation/core-api/printk-formats.rst.
 */
#include "lib/printf.h"

#include <arch/addr.h>

#include "lib/div64.h"
#include "lib/string.h"

#define DIGITS_MAX   22    /* 2^64 - 1 in octal */
#define SPECIAL_MAX  96    /* the text of %pP, %pB, %pF, %pM, %pS */

struct sink {
	char   *buf;
	size_t  size;   /* of buf, the final 0 included */
	size_t  len;    /* characters so far, written or not */
};

struct spec {
	bool     left, zero, plus, space, alt;
	bool     upper;       /* %X */
	int      width;
	int      precision;   /* -1: none given */
	unsigned size;        /* bytes of the argument, if it is a number */
};

static void put(struct sink *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_times(struct sink *out, char c, int times)
{
	for (; times > 0; times--)
		put(out, c);
}

static void put_padded(struct sink *out, const struct spec *spec,
		       const char *text, size_t len)
{
	int padding = spec->width - (int)len;

	if (!spec->left)
		put_times(out, ' ', padding);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	if (spec->left)
		put_times(out, ' ', padding);
}

static void put_text(struct sink *out, const struct spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_padded(out, spec, s, spec->precision < 0 ?
		   strlen(s) : strnlen(s, (size_t)spec->precision));
}

/* Writes the digits so that they end before `end`; none for 0. */
static char *make_digits(char *end, uint64_t value, unsigned base, bool upper)
{
	const char *symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned shift = base == 16 ? 4 : 3;
	uint32_t low, digit;

	while (base != 10 && value) {
		*--end = symbols[value & (base - 1)];
		value >>= shift;
	}
	while (value >> 32) {
		value = div_u64_rem(value, 10, &digit);
		*--end = symbols[digit];
	}
	for (low = (uint32_t)value; low; low /= 10)
		*--end = symbols[low % 10];
	return end;
}

/* `sign` is "", "-", "+" or " ". */
static void put_number(struct sink *out, const struct spec *spec,
		       uint64_t value, unsigned base, const char *sign)
{
	char array[DIGITS_MAX];
	char *end = array + sizeof(array);
	char *digits = make_digits(end, value, base, spec->upper);
	int len = (int)(end - digits);
	const char *prefix = sign;
	int prefix_len, zeros, fewest = spec->precision;

	if (spec->alt && base == 16 && value)
		prefix = spec->upper ? "0X" : "0x";
	prefix_len = (int)strlen(prefix);
	if (fewest < 0)
		fewest = spec->zero && !spec->left ?
			MAX(spec->width - prefix_len, 1) : 1;
	if (spec->alt && base == 8)
		fewest = MAX(fewest, len + 1);
	zeros = MAX(fewest - len, 0);

	if (!spec->left)
		put_times(out, ' ', spec->width - prefix_len - zeros - len);
	while (*prefix)
		put(out, *prefix++);
	put_times(out, '0', zeros);
	while (digits < end)
		put(out, *digits++);
	if (spec->left)
		put_times(out, ' ', spec->width - prefix_len - zeros - len);
}

/* %p alone is a number; a letter after it names one of our own types. */
static const char *put_pointer(struct sink *out, const struct spec *spec,
			       const char *fmt, const void *ptr)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	char text[SPECIAL_MAX] = "";
	const unsigned last = ARRAY_SIZE(units) - 1;
	unsigned long long bytes;
	unsigned unit = 0;

	switch (*fmt) {
	case 'P':
		snprintf(text, sizeof(text), "0x%016llx",
			 (unsigned long long)((const phys_addr_t *)ptr)->v);
		break;
	case 'B':
		snprintf(text, sizeof(text), "bus 0x%08llx",
			 (unsigned long long)((const bus_addr_t *)ptr)->v);
		break;
	case 'F':
		snprintf(text, sizeof(text), "pfn 0x%x",
			 (unsigned)((const pfn_t *)ptr)->v);
		break;
	case 'M':
		/* The largest unit that leaves nothing over. */
		bytes = *(const uint64_t *)ptr;
		while (bytes && !(bytes & 1023) && unit < last) {
			bytes >>= 10;
			unit++;
		}
		snprintf(text, sizeof(text), "%llu %s", bytes, units[unit]);
		break;
	case 'S':
		symbol_format(text, sizeof(text), (uintptr_t)ptr);
		break;
	default:
		snprintf(text, sizeof(text), "0x%0*llx",
			 (int)(2 * sizeof(ptr)),
			 (unsigned long long)(uintptr_t)ptr);
		put_text(out, spec, text);
		return fmt;
	}
	put_text(out, spec, text);
	return fmt + 1;
}

static const char *read_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-': spec->left = true; break;
		case '0': spec->zero = true; break;
		case '+': spec->plus = true; break;
		case ' ': spec->space = true; break;
		case '#': spec->alt = true; break;
		default:  return fmt;
		}
	}
}

static const char *read_length(const char *fmt, struct spec *spec)
{
	bool twice = *fmt && fmt[1] == *fmt;

	switch (*fmt) {
	case 'h':
		spec->size = twice ? sizeof(char) : sizeof(short);
		return fmt + 1 + twice;
	case 'l':
		spec->size = twice ? sizeof(long long) : sizeof(long);
		return fmt + 1 + twice;
	case 'z':
	case 't':
		spec->size = sizeof(size_t);
		return fmt + 1;
	default:
		spec->size = sizeof(int);
		return fmt;
	}
}

/*
 * A struct around the va_list: a va_list may be an array, and C has no portable
 * way to pass a pointer to such an argument on.
 */
struct arguments {
	va_list list;
};

/* A number in the format, or the next argument for '*'. */
static const char *read_number(const char *fmt, struct arguments *args,
			       int *number)
{
	if (*fmt == '*') {
		*number = va_arg(args->list, int);
		return fmt + 1;
	}
	*number = 0;
	while (*fmt >= '0' && *fmt <= '9')
		*number = *number * 10 + (*fmt++ - '0');
	return fmt;
}

/* Everything between '%' and the conversion's letter. */
static const char *read_spec(const char *fmt, struct arguments *args,
			     struct spec *spec)
{
	*spec = (struct spec){ .precision = -1 };
	fmt = read_flags(fmt, spec);
	fmt = read_number(fmt, args, &spec->width);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = -spec->width;
	}
	if (*fmt == '.')
		fmt = read_number(fmt + 1, args, &spec->precision);
	return read_length(fmt, spec);
}

/* The next argument, a number of `size` bytes. It fills the highest bits. */
static uint64_t next_number(struct arguments *args, unsigned size)
{
	/* C passes a number that is smaller than an int as an int. */
	uint64_t value = size == sizeof(uint64_t) ?
		va_arg(args->list, uint64_t) : va_arg(args->list, unsigned);

	return value << (64 - 8 * size);
}

/* fmt is on the conversion's letter. Returns: what follows the conversion. */
static const char *put_conversion(struct sink *out, struct spec *spec,
				  const char *fmt, struct arguments *args)
{
	unsigned spare = 64 - 8 * spec->size;
	char c = *fmt++;
	int64_t value;

	switch (c) {
	case 'd':
	case 'i':
		value = (int64_t)next_number(args, spec->size) >> spare;
		if (value < 0)
			put_number(out, spec, 0 - (uint64_t)value, 10, "-");
		else
			put_number(out, spec, (uint64_t)value, 10,
				   spec->plus ? "+" : spec->space ? " " : "");
		return fmt;
	case 'u':
	case 'o':
	case 'X':
	case 'x':
		spec->upper = c == 'X';
		put_number(out, spec, next_number(args, spec->size) >> spare,
			   c == 'u' ? 10 : c == 'o' ? 8 : 16, "");
		return fmt;
	case 'c':
		c = (char)va_arg(args->list, int);
		put_padded(out, spec, &c, 1);
		return fmt;
	case 's':
		put_text(out, spec, va_arg(args->list, const char *));
		return fmt;
	case 'p':
		return put_pointer(out, spec, fmt,
				   va_arg(args->list, const void *));
	case '%':
		put(out, '%');
		return fmt;
	default:
		/* An unknown letter: show it, but stop at the text's end. */
		put(out, '%');
		return fmt - 1;
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
	struct sink out = { buf, size, 0 };
	struct arguments args;
	struct spec spec;

	va_copy(args.list, list);
	while (*fmt) {
		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = read_spec(fmt + 1, &args, &spec);
		fmt = put_conversion(&out, &spec, fmt, &args);
	}
	va_end(args.list);
	if (size)
		buf[MIN(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (!size)
		return 0;
	return (int)MIN((size_t)len, size - 1);
}

void line_printf(line_fn out, const char *fmt, ...)
{
	char line[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	out(line);
}

void bits_format(char *buf, size_t size, uint64_t bits,
		 const struct bit_name *names, unsigned nr_names)
{
	int len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < nr_names; i++) {
		if (bits & names[i].bit)
			len += scnprintf(buf + len, size - (size_t)len, " %s",
					 names[i].name);
	}
}
