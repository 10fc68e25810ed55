/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc_ccid on emulated USB readers of every kind; see reader_cases.h. */
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"

int main(void)
{
	plugged_forget_ports();
	reader_level_cases();
	reader_time_cases();
	reader_power_cases();
	reader_event_cases();
	reader_binding_cases();
	return tap_exit();
}
