/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers that lie, under euicc_ccid; see hostile_cases.h. Arguments name the parts to run. */
#include "vm/hostile_cases.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "answers", hostile_answer_cases },
	{ "notices", hostile_notice_cases },
	{ "descriptors", hostile_descriptor_cases },
};

int main(int argc, char **argv)
{
	plugged_forget_ports();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool wanted = argc < 2;

		for (int j = 1; j < argc; j++)
			wanted = wanted || !strcmp(argv[j], parts[i].name);
		if (wanted)
			parts[i].run();
	}
	return tap_exit();
}
