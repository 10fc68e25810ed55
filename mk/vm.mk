# SPDX-License-Identifier: GPL-2.0-or-later
#
# The VM bench: tests/vm/NAME_vmtest.c are programs that run in a guest, the other
# sources there are shared by them. tests/vm/run.sh boots the guests.

VM_SRCS := $(wildcard tests/vm/*.c)
VM_TESTS := $(patsubst tests/vm/%.c,%,$(filter %_vmtest.c,$(VM_SRCS)))
VM_PROGRAMS := $(patsubst %,$(BUILD)/vm/bin/%,$(VM_TESTS))
VM_SHARED_A := $(BUILD)/lib/libvm.a

$(call obj,$(VM_SRCS)): ROOM_CPPFLAGS := -Itests -Iusbccid/include -Iusbccid/src -Ikmod/include/uapi -Ikmod/include

$(VM_SHARED_A): $(call obj,$(filter-out %_vmtest.c,$(VM_SRCS))) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(VM_PROGRAMS): $(BUILD)/vm/bin/%: $(BUILD)/obj/tests/vm/%.o $(VM_SHARED_A) $(VREADER_A) $(USBIP_A) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(DEPS_LIBS)

# A 32-bit program, to see the interface by way of compat_ioctl.
ABI32 := $(BUILD)/vm/bin/abi32
$(ABI32): tests/vm/i386/abi32.c kmod/include/uapi/linux/euicc.h $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(CC) -m32 -static $(ALL_CPPFLAGS) -Ikmod/include/uapi -idirafter /usr/include/$(shell $(CC) -print-multiarch) \
		-std=gnu17 $(OPTIMISE) $(CFLAGS) $(WARNINGS) -o $@ $<

.PHONY: vm-programs vm-check vm-check-full fuzz-ioctl
vm-programs: $(PROGRAMS) $(VM_PROGRAMS) $(EXAMPLES) $(ABI32) $(USBCCID_SO) $(if $(IFD_SRCS),$(IFD_SO)) $(MODEM_MODULES)

vm-check: deps
	@scripts/deps.sh packages test kernel vm deb
	@$(RUN_ENV) tests/vm/check.sh
vm-check-full: deps
	@scripts/deps.sh packages test kernel vm deb
	@$(RUN_ENV) tests/vm/check.sh full

# The ioctl fuzzer in User-Mode Linux, guided by its coverage; a part of `make fuzz`.
fuzz-ioctl: deps
	@scripts/deps.sh packages kernel vm
	@$(RUN_ENV) BUILD='$(BUILD)' tests/vm/run.sh um "ioctlfuzz limit=$$(($(FUZZ_SECONDS) + 300)) --seconds $(FUZZ_SECONDS)"
