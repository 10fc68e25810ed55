# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench: tests/bench/*.c, run by tests/bench/run.sh.

BENCH_SRCS := $(wildcard tests/bench/*.c)
BENCH := $(BUILD)/tests/bench/bench

$(call obj,$(BENCH_SRCS)): ROOM_CPPFLAGS := -Itests

$(BENCH): $(call obj,$(BENCH_SRCS)) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(DEPS_LIBS)

.PHONY: bench-program
bench-program: $(BENCH)
