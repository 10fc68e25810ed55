# SPDX-License-Identifier: GPL-2.0-or-later
#
# vreader-host: an emulated USB reader for programs on this host, by libumockdev. Only tests use it,
# so it is no part of `all`, and libumockdev no part of what a build needs.

UMOCKDEV_SRCS := $(wildcard tests/umockdev/*.c)
UMOCKDEV_LIBS := $(shell pkg-config --libs umockdev-1.0 2>/dev/null)
VREADER_HOST := $(BUILD)/bin/vreader-host

$(call obj,$(UMOCKDEV_SRCS)): ROOM_CPPFLAGS := -Itests \
	$(shell pkg-config --cflags-only-I umockdev-1.0 2>/dev/null | sed 's/-I/-isystem /g')

$(VREADER_HOST): $(call obj,$(UMOCKDEV_SRCS)) $(VREADER_A) $(USBIP_A) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(UMOCKDEV_LIBS) $(DEPS_LIBS)

tests: $(VREADER_HOST)

# The one unit test that looks into the reader.
$(TEST_DIR)/unit/vreader_t1_test: $(VREADER_A) $(USBIP_A)
