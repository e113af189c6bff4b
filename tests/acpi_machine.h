// SPDX-License-Identifier: MIT
/*
 * acpi_machine.h - memory that only a parser of ACPI tables sees
 *
 * WHAT     A few pieces of memory, each at a physical address of its own, and
 *          a reader that knows nothing else. Shared by the suite and by the
 *          fuzzer.
 *
 * PICTURE    pa      0x40e    0xf5800            0x0ffe0040   ...
 *            bytes   [EBDA]   [1 KiB with RSDP]  [DSDT]       [RSDT] ...
 *
 *          A bridge at source id n leads to bus `behind[n >> 3 & 31]`.
 */
#pragma once

#include "arch/i386/acpi/acpi_impl.h"
#include "lib/errno.h"
#include "lib/string.h"

#define PIECES_MAX  48u

struct piece {
	uint64_t pa;
	uint32_t length;
	uint8_t *bytes;
};

struct acpi_machine {
	struct acpi_reader reader;
	unsigned           nr;
	struct piece       piece[PIECES_MAX];
	uint64_t           ram_end;        /* no registers below     */
	uint8_t            behind[32];     /* 0: no bridge           */
	unsigned long      reads;          /* calls of the reader    */
};

static inline int machine_read(struct acpi_reader *reader, phys_addr_t pa,
			       void *buffer, size_t size)
{
	struct acpi_machine *m =
		container_of(reader, struct acpi_machine, reader);

	m->reads++;
	for (unsigned i = 0; i < m->nr; i++) {
		const struct piece *p = &m->piece[i];

		if (pa.v < p->pa || pa.v - p->pa > p->length ||
		    size > p->length - (pa.v - p->pa))
			continue;
		memcpy(buffer, p->bytes + (pa.v - p->pa), size);
		return 0;
	}
	return -EINVAL;
}

/* The machine has 36 address bits, and RAM from 0 to ram_end. */
static inline bool machine_may_be_registers(struct acpi_reader *reader,
					    phys_addr_t pa, uint64_t size)
{
	struct acpi_machine *m =
		container_of(reader, struct acpi_machine, reader);

	return pa.v >= m->ram_end && pa.v < 1ull << 36 &&
	       size <= (1ull << 36) - pa.v;
}

static inline int machine_secondary_bus(struct acpi_reader *reader,
					uint16_t source_id)
{
	struct acpi_machine *m =
		container_of(reader, struct acpi_machine, reader);
	uint8_t bus = m->behind[source_id >> 3 & 31];

	return bus ? bus : -ENODEV;
}

static inline void machine_init(struct acpi_machine *m)
{
	memset(m, 0, sizeof(*m));
	m->reader.read = machine_read;
	m->reader.may_be_registers = machine_may_be_registers;
	m->reader.secondary_bus = machine_secondary_bus;
	m->ram_end = 0x10000000;
}

static inline void machine_add(struct acpi_machine *m, uint64_t pa,
			       void *bytes, size_t length)
{
	if (m->nr < PIECES_MAX)
		m->piece[m->nr++] = (struct piece){ pa, (uint32_t)length,
						    bytes };
}

/* Set the byte at `at` so that all bytes add up to 0. */
static inline void set_checksum(uint8_t *bytes, size_t length, size_t at)
{
	unsigned sum = 0;

	bytes[at] = 0;
	for (size_t i = 0; i < length; i++)
		sum += bytes[i];
	bytes[at] = (uint8_t)(0 - sum);
}
