# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests, and what is measured and looked at: how each is built and started. The
# work of a run is in scripts/: check.sh (suites and their sum), fuzz.sh, lint.sh,
# coverage.sh, demo.sh.

TEST_DIR := $(BUILD)/tests
TEST_LIBS := $(LPAD_COMMON_A) $(SMDPP_A) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES)
# Rooms that are programs have names of their own inside: only their own tests link them.

# --- unit tests: tests/unit/NAME_test.c is an ATF program; other files there are shared --
UNIT_SRCS := $(wildcard tests/unit/*.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(filter %_test.c,$(UNIT_SRCS)))
UNIT_PROGRAMS := $(patsubst %,$(TEST_DIR)/unit/%,$(UNIT_TESTS))
UNIT_SHARED_A := $(BUILD)/lib/libunit.a

$(call obj,$(UNIT_SRCS)): ROOM_CPPFLAGS := $(GLIB_CFLAGS) $(MBIM_CFLAGS) $(QMI_CFLAGS) -Ilibesim/src -Iusbccid/include -Iusbccid/src -Itests -I. -Imodem/include -Ikmod/include/uapi -Ikmod/include $(PCSC_CFLAGS)

$(UNIT_SHARED_A): $(call obj,$(filter-out %_test.c,$(UNIT_SRCS))) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(UNIT_PROGRAMS): $(TEST_DIR)/unit/%: $(BUILD)/obj/tests/unit/%.o $(UNIT_SHARED_A) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		-latf-c $(ROOM_LIBS) $(LPAD_LIBS) $(DEPS_LIBS)

$(patsubst %,$(TEST_DIR)/unit/%,$(filter ifd_%,$(UNIT_TESTS))): $(IFD_A)
$(patsubst %,$(TEST_DIR)/unit/%,$(filter lpad_%,$(UNIT_TESTS))): $(LPAD_A)
$(patsubst %,$(TEST_DIR)/unit/%,$(filter publish_%,$(UNIT_TESTS))): $(PUBLISH_A)
$(patsubst %,$(TEST_DIR)/unit/%,$(filter modem_%,$(UNIT_TESTS))): $(MODEM_A)
$(patsubst %,$(TEST_DIR)/unit/%,$(filter modem_%,$(UNIT_TESTS))): ROOM_LIBS := $(MODEM_LIBS)
$(patsubst %,$(TEST_DIR)/unit/%,$(filter vmodem_% modem_%,$(UNIT_TESTS))): $(VMODEM_A) $(USBIP_A)

# --- integration tests: tests/integration/NAME_test.sh is an atf-sh program ------------
# The sanitizer build runs them too, save those of the build system itself and of memory.
INTEGRATION_SRCS := $(wildcard tests/integration/*.sh)
INTEGRATION_TESTS := $(patsubst tests/integration/%.sh,%,$(filter %_test.sh,$(INTEGRATION_SRCS)))
INTEGRATION_TESTS := $(filter-out $(if $(SAN)$(COVERAGE),install_test bench_test),$(INTEGRATION_TESTS))
INTEGRATION_PROGRAMS := $(patsubst %,$(TEST_DIR)/integration/%,$(INTEGRATION_TESTS))
INTEGRATION_SHARED := $(patsubst tests/%,$(TEST_DIR)/%,$(filter-out %_test.sh,$(INTEGRATION_SRCS)))

$(INTEGRATION_PROGRAMS): $(TEST_DIR)/integration/%: tests/integration/%.sh
	@mkdir -p $(@D)
	@{ echo '#!/usr/bin/env atf-sh'; cat $<; } >$@
	@chmod +x $@

$(INTEGRATION_SHARED): $(TEST_DIR)/%: tests/%
	@mkdir -p $(@D)
	@cp $< $@

# --- programs that tests of lpad use ------------------------------------------------------
LPAD_TEST_PROGRAMS := $(patsubst tests/lpad/%.c,$(TEST_DIR)/lpad/%,$(wildcard tests/lpad/*.c))
$(call obj,$(wildcard tests/lpad/*.c)): ROOM_CPPFLAGS := -I.
$(LPAD_TEST_PROGRAMS): $(TEST_DIR)/lpad/%: $(BUILD)/obj/tests/lpad/%.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -lsystemd -lpthread

# --- Kyua: one file for each suite --------------------------------------------------------
UNIT_KYUAFILE := $(TEST_DIR)/unit/Kyuafile
INTEGRATION_KYUAFILE := $(TEST_DIR)/integration/Kyuafile
$(UNIT_KYUAFILE): KYUA_NAMES := $(UNIT_TESTS)
$(INTEGRATION_KYUAFILE): KYUA_NAMES := $(INTEGRATION_TESTS)

.PHONY: $(UNIT_KYUAFILE) $(INTEGRATION_KYUAFILE)
$(UNIT_KYUAFILE) $(INTEGRATION_KYUAFILE):
	@mkdir -p $(@D)
	@printf 'syntax(2)\ntest_suite("coreesim")\n' >$@
	@for t in $(KYUA_NAMES); do printf 'atf_test_program{name="%s"}\n' $$t; done >>$@

.PHONY: tests pki check-unit check-integration
tests: $(BENCH) $(LPAD_BENCH) $(LPAD_TEST_PROGRAMS) $(UNIT_PROGRAMS) $(INTEGRATION_PROGRAMS) $(INTEGRATION_SHARED) $(UNIT_KYUAFILE) $(INTEGRATION_KYUAFILE)

pki: $(if $(wildcard tests/tools/mkpki.c),$(PKI_STAMPS))

# --- fuzzers: built by clang, run by scripts/fuzz.sh ---------------------------------------
FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_PROGRAMS := $(patsubst %,$(BUILD)/bin/%_fuzz,$(FUZZ_NAMES))
FUZZ_FLAGS := CC=clang BUILD=$(BUILD)/fuzz WARNINGS=-w HARDENING=-fPIC OPTIMISE=-O1 \
	SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'

$(call obj,$(wildcard tests/fuzz/*.c)): ROOM_CPPFLAGS := $(GLIB_CFLAGS) $(MBIM_CFLAGS) $(QMI_CFLAGS) -Ilibesim/src -Iusbccid/include -Iusbccid/src -Itests -I. -Ikmod/include/uapi -Ikmod/include

$(FUZZ_PROGRAMS): $(BUILD)/bin/%_fuzz: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(ROOM_LIBS) $(LPAD_LIBS) $(DEPS_LIBS)

$(patsubst %,$(BUILD)/bin/%_fuzz,$(filter ifd_%,$(FUZZ_NAMES))): $(IFD_A)
$(patsubst %,$(BUILD)/bin/%_fuzz,$(filter lpad_%,$(FUZZ_NAMES))): $(LPAD_A)
$(patsubst %,$(BUILD)/bin/%_fuzz,$(filter modem_%,$(FUZZ_NAMES))): $(MODEM_A)
$(patsubst %,$(BUILD)/bin/%_fuzz,$(filter modem_%,$(FUZZ_NAMES))): ROOM_LIBS := $(MODEM_LIBS)

# Built in the clang tree alone: `make fuzzers` goes there.
.PHONY: fuzzers fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
fuzzers:
	@+$(MAKE) --no-print-directory $(FUZZ_FLAGS) fuzz-programs

# --- the runs ---------------------------------------------------------------------------------
# exec: a signal that make hands on reaches the script itself.
RUN_ENV := exec env MAKE='$(MAKE)' BUILD='$(abspath $(BUILD))' MAKE_BUILD='$(BUILD)' REFDATA='$(abspath $(REFDATA))' \
	FUZZ_SECONDS='$(FUZZ_SECONDS)' VERSION='$(VERSION)' WOLFSSL='$(WOLFSSL)' CC='$(CC)'

check:
	@+$(RUN_ENV) scripts/check.sh all
check-unit:
	@+$(RUN_ENV) scripts/check.sh unit
check-integration:
	@+$(RUN_ENV) scripts/check.sh integration

# What goes before a run is said in a line, not in pages of compiler calls.
# Where nobody said -j, every processor helps.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
quietly = @echo "building $(1)"; $(MAKE) -s --no-print-directory $(jobs)

lint: deps
	@scripts/deps.sh packages lint kernel
	@tests/vm/kernel.sh get source headers-6.1
	$(call quietly,programs and libraries) all
	@$(RUN_ENV) scripts/lint.sh all

fuzz: deps
	@scripts/deps.sh packages fuzz
	$(call quietly,the fuzzers) fuzzers
	@$(RUN_ENV) scripts/fuzz.sh run
	@$(MAKE) --no-print-directory fuzz-ioctl

coverage: deps
	@scripts/deps.sh packages test coverage
	@+$(RUN_ENV) scripts/coverage.sh

bench: deps
	@scripts/deps.sh packages test bench vm
	$(call quietly,programs and the bench) all pki bench-program lpad-bench-program vm-programs vm-bench-program
	@$(RUN_ENV) tests/bench/run.sh
	@$(RUN_ENV) tests/bench/lpad.sh
	@$(RUN_ENV) tests/bench/modem.sh
	@+$(RUN_ENV) tests/bench/vm.sh

demo: deps
	$(call quietly,programs and the build's own PKI) all pki
	@$(RUN_ENV) scripts/demo.sh
