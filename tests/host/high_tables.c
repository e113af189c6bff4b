// SPDX-License-Identifier: MIT
/*
 * high_tables.c (host suite) - page tables above 4 GiB
 *
 * WHAT     The simulated CPU walks tables anywhere in RAM. So the trial of boot
 *          must find that it does.
 * SEE      arch/i386/mm/upgtable_check.c, upt_try_high_tables().
 */
#include "arch/i386/mm/upgtable_impl.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(high_tables, NULL);

KTEST(high_tables, the_trial_finds_that_this_machine_walks_them)
{
	if (max_pfn.v <= PFN_4G)
		SKIP("needs RAM above 4 GiB");
	EXPECT(upt_tables_above_4g);
}
