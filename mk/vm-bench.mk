# SPDX-License-Identifier: GPL-2.0-or-later
#
# The bench in a guest: tests/bench/vm/*.c, started by tests/bench/vm.sh.

VM_BENCH_SRCS := $(wildcard tests/bench/vm/*.c)
VM_BENCH := $(BUILD)/bench/bench_vmtest

$(call obj,$(VM_BENCH_SRCS)): ROOM_CPPFLAGS := -Itests -Iusbccid/include -Ikmod/include/uapi -Ikmod/include $(PCSC_CFLAGS)

$(VM_BENCH): $(call obj,$(VM_BENCH_SRCS)) $(VM_SHARED_A) $(VREADER_A) $(USBIP_A) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(DEPS_LIBS)

.PHONY: vm-bench-program
vm-bench-program: $(VM_BENCH)
