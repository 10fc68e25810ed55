# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench of lpad: tests/bench/lpad/*.c, run by tests/bench/lpad.sh.

LPAD_BENCH_SRCS := $(wildcard tests/bench/lpad/*.c)
LPAD_BENCH := $(BUILD)/tests/bench/lpad-bench

$(call obj,$(LPAD_BENCH_SRCS)): ROOM_CPPFLAGS := -Itests

$(LPAD_BENCH): $(call obj,$(LPAD_BENCH_SRCS) tests/bench/child.c) $(RSP_A) $(LIBESIM_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) -lsystemd $(DEPS_LIBS)

.PHONY: lpad-bench-program
lpad-bench-program: $(LPAD_BENCH)
