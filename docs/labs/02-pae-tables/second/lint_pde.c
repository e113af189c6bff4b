/* The same for the bits of an entry that is present: P4, P5 and P6. */
static const char *lint_pde_bits(uint64_t bits, uint64_t pa,
				 const struct boot_paging *what)
{
	const struct {
		bool        wrong;
		const char *law;
	} tests[] = {
		{ bits & PAE_XD,
		  "boot_paging P4: XD is reserved until EFER.NXE is on" },
		{ !(bits & PAE_PS),
		  "boot_paging P5: leads to a table, but must map 2 MiB" },
		{ bits & PAE_LARGE_RSVD,
		  "boot_paging P4: one of the reserved bits 13 to 20 is set" },
		{ bits & above_width(what),
		  "boot_paging P4: address above the CPU's physical width" },
		{ bits & PAE_US,
		  "boot_paging P5: user mode has access" },
		{ !(bits & PAE_RW),
		  "boot_paging P5: not writable" },
		{ (bits & PAE_LARGE_MASK) != pa,
		  "boot_paging P6: maps another address" },
	};

	for (unsigned n = 0; n < ARRAY_SIZE(tests); n++)
		if (tests[n].wrong)
			return tests[n].law;
	return NULL;
}

static const char *lint_pde(pde_t entry, unsigned i,
			    const struct boot_paging *what)
{
	uint64_t pa = (uint64_t)i * LARGE_PAGE_SIZE;
	bool wanted = pa < what->lowmem_end;

	if (!(entry.v & PAE_P))
		return wanted ? "boot_paging P7: not present, but lowmem needs it" :
				NULL;
	if (!wanted)
		return "boot_paging P7: present, but lowmem has ended";
	return lint_pde_bits(entry.v, pa, what);
}
