// SPDX-License-Identifier: MIT
/*
 * rsdp.c - where the tables begin
 *
 * WHAT     Finds the root pointer by its eight letters, at a multiple of 16
 *          bytes, in the two places where the firmware of a PC may put it.
 *
 * PICTURE    0x40e  segment of the EBDA --> first KiB of the EBDA
 *            0xe0000 ........................................ 0xfffff
 *
 * TERMS    EBDA  the BIOS's own memory, below 640 KiB
 *          revision 0: 20 bytes, with an RSDT. From revision 2 on: 36 bytes and
 *          more, with an XSDT, and with a second checksum over all bytes
 *
 * ALGORITHM  Take the first pointer whose first 20 bytes add up to 0. If its
 *          second checksum is wrong, its XSDT is not used.
 * SEE      ACPI 5.2.5 "Root system description pointer".
 */
#include "arch/i386/acpi/acpi_impl.h"
#include "lib/errno.h"
#include "lib/string.h"

#define EBDA_POINTER  0x40eu       /* a segment: address / 16       */
#define EBDA_LOWEST   0x400u       /* after the vectors             */
#define EBDA_SIZE     1024u
#define LOWMEM_END    0xa0000u
#define BIOS_START    0xe0000u
#define BIOS_END      0x100000u
#define STEP          16u
#define CHUNK         1024u        /* divides both                  */

struct rsdp {
	char     signature[8];
	uint8_t  checksum;
	char     oem_id[6];
	uint8_t  revision;
	uint32_t rsdt;
	/* from revision 2 on */
	uint32_t length;
	uint64_t xsdt;
	uint8_t  extended_checksum, reserved[3];
} __packed;

#define OLD_SIZE  offsetof(struct rsdp, length)

_Static_assert(sizeof(struct rsdp) == 36 && OLD_SIZE == 20, "ACPI 5.2.5.3");

static const char signature[] = "RSD PTR ";

static void read_extension(struct acpi_reader *reader, phys_addr_t pa,
			   struct acpi_root *root)
{
	struct rsdp rsdp;

	if (reader->read(reader, pa, &rsdp, sizeof(rsdp)) ||
	    rsdp.length < sizeof(rsdp) || rsdp.length > CHUNK ||
	    acpi_checksum(reader, pa, rsdp.length)) {
		acpi_complain(reader, "RSDP at %pP: its extension is wrong",
			      &pa);
		return;
	}
	root->xsdt = PHYS(rsdp.xsdt);
}

/* The signature is there. Is it really a root pointer? */
static bool read_root(struct acpi_reader *reader, phys_addr_t pa,
		      struct acpi_root *root)
{
	struct rsdp rsdp;

	if (reader->read(reader, pa, &rsdp, OLD_SIZE))
		return false;
	if (acpi_checksum(reader, pa, OLD_SIZE)) {
		acpi_complain(reader, "RSDP at %pP: wrong checksum", &pa);
		return false;
	}
	root->revision = rsdp.revision;
	root->rsdt = PHYS(rsdp.rsdt);
	root->xsdt = PHYS(0);
	if (rsdp.revision >= 2)
		read_extension(reader, pa, root);
	return true;
}

static bool search(struct acpi_reader *reader, uint32_t start, uint32_t end,
		   struct acpi_root *root)
{
	char chunk[CHUNK];

	for (uint32_t at = start; at < end; at += CHUNK) {
		if (reader->read(reader, PHYS(at), chunk, CHUNK))
			continue;
		for (uint32_t i = 0; i < CHUNK; i += STEP)
			if (chunk[i] == signature[0] &&   /* saves calls */
			    !memcmp(chunk + i, signature, 8) &&
			    read_root(reader, PHYS(at + i), root))
				return true;
	}
	return false;
}

bool acpi_rsdp_find(struct acpi_reader *reader, struct acpi_root *root)
{
	uint16_t segment;
	uint32_t ebda = 0;

	if (!reader->read(reader, PHYS(EBDA_POINTER), &segment, 2))
		ebda = (uint32_t)segment * STEP;
	if (ebda >= EBDA_LOWEST && ebda <= LOWMEM_END - EBDA_SIZE &&
	    search(reader, ebda, ebda + EBDA_SIZE, root))
		return true;
	return search(reader, BIOS_START, BIOS_END, root);
}
