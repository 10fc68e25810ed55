# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is built from which folder. A room's sources are its *.c files; adding a
# file needs no change here.

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

$(BUILD)/obj/%.o: %.c $(FLAGS_STAMP) | $(DEPS_STAMP)
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ROOM_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# A source that came or went makes the archives and programs anew: an object of a
# file that is gone must not live on in them.
SOURCES_STAMP := $(BUILD)/.sources
# What the build makes is no source, or the second make would link everything anew.
sources_now := $(sort $(filter-out build/% $(BUILD)/%,$(wildcard */src/*.c */*/*.c)))
ifneq ($(shell cat $(SOURCES_STAMP) 2>/dev/null),$(sources_now))
.PHONY: $(SOURCES_STAMP)
endif
$(SOURCES_STAMP):
	@mkdir -p $(@D)
	@echo '$(sources_now)' >$@

# --- asn1: libtasn1 turns each module into a table -------------------------------
ASN1_MODULES := $(wildcard asn1/*.asn)
ASN1_SRCS := $(patsubst asn1/%.asn,$(BUILD)/gen/asn1/%_tab.c,$(ASN1_MODULES))
ASN1_OBJS := $(ASN1_SRCS:.c=.o)
.SECONDARY: $(ASN1_SRCS)

$(BUILD)/gen/asn1/%_tab.c: asn1/%.asn
	@mkdir -p $(@D)
	asn1Parser -o $@ -n coreesim_$*_asn1 $< >$@.log 2>&1 || { cat $@.log >&2; exit 1; }

$(BUILD)/gen/asn1/%.o: $(BUILD)/gen/asn1/%.c $(FLAGS_STAMP)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# --- usbccid: readers of USB's CCID class over libusb -----------------------------------
USBCCID_SRCS := $(wildcard usbccid/src/*.c)
USBCCID_A := $(BUILD)/lib/libusbccid.a
USBCCID_SO := $(BUILD)/lib/libusbccid.so.$(VERSION)
USBCCID_MAP := usbccid/usbccid.map

$(call obj,$(USBCCID_SRCS)): ROOM_CPPFLAGS := -Iusbccid/include -Ikmod/include

$(USBCCID_A): $(call obj,$(USBCCID_SRCS)) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(USBCCID_SO): $(call obj,$(USBCCID_SRCS)) $(USBCCID_MAP) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,libusbccid.so.$(SOVERSION) -Wl,--version-script=$(USBCCID_MAP) \
		$(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(USB_LIBS)
	ln -sf libusbccid.so.$(VERSION) $(@D)/libusbccid.so.$(SOVERSION)
	ln -sf libusbccid.so.$(SOVERSION) $(@D)/libusbccid.so

# --- libesim ---------------------------------------------------------------------
LIBESIM_SRCS := $(wildcard libesim/src/*.c)
LIBESIM_OBJS := $(call obj,$(LIBESIM_SRCS)) $(ASN1_OBJS)
LIBESIM_A := $(BUILD)/lib/libesim.a
LIBESIM_SO := $(BUILD)/lib/libesim.so.$(VERSION)
LIBESIM_MAP := libesim/libesim.map

LIBESIM_CPPFLAGS := -Ilibesim/src -Iusbccid/include -Ikmod/include/uapi -Imodem/include $(PCSC_CFLAGS) \
	-DESIM_MODULEDIR='"$(libdir)/coreesim"'
$(call obj,$(LIBESIM_SRCS)): ROOM_CPPFLAGS := $(LIBESIM_CPPFLAGS)

$(LIBESIM_A): $(LIBESIM_OBJS) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

link_libesim = $(CC) -shared -Wl,-soname,libesim.so.$(SOVERSION) -Wl,--version-script=$(LIBESIM_MAP) \
	-Wl,--exclude-libs,ALL $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(USBCCID_SO) $(DEPS_LIBS)
$(LIBESIM_SO): $(LIBESIM_OBJS) $(LIBESIM_MAP) $(USBCCID_SO) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	$(link_libesim)
	ln -sf libesim.so.$(VERSION) $(@D)/libesim.so.$(SOVERSION)
	ln -sf libesim.so.$(SOVERSION) $(@D)/libesim.so

# A program that has libesim's archive has usbccid's too.
LIBESIM_ARCHIVES := $(LIBESIM_A) $(USBCCID_A)

# --- conf: configuration files, for lpad and the modem modules: each has the objects in it ------
CONF_SRCS := $(wildcard conf/*.c)
$(call obj,$(CONF_SRCS)): ROOM_CPPFLAGS := -I.

# --- modem: transports that libesim loads, each with the library that it needs ----------------
# What is not a module's own entry (module.c) is an archive too, for unit tests and fuzzers.
MODEM_COMMON_SRCS := $(filter-out %/glib_call.c,$(wildcard modem/common/*.c))
MODEM_GLIB_SRCS := $(wildcard modem/common/glib_call.c)
MODEM_SCHEMES := $(patsubst modem/%/module.c,%,$(wildcard modem/*/module.c))
MODEM_MODULES := $(patsubst %,$(BUILD)/lib/coreesim/%.so,$(MODEM_SCHEMES))
MODEM_MAP := modem/module.map
MODEM_SRCS := $(wildcard modem/*/*.c)
MODEM_A := $(BUILD)/lib/libmodem.a
MODEM_LIBS := $(MBIM_LIBS) $(QMI_LIBS) $(GLIB_LIBS) -linih

MODEM_CPPFLAGS := -I. -Imodem/include $(GLIB_CFLAGS) \
	-DMODEM_DATADIR='"$(datadir)/coreesim"' -DMODEM_SYSCONFDIR='"$(sysconfdir)/coreesim"' \
	-DMODEM_STATEDIR='"$(statedir)-modems"'
$(call obj,$(MODEM_SRCS)): ROOM_CPPFLAGS := $(MODEM_CPPFLAGS)
$(call obj,$(wildcard modem/mbim/*.c)): ROOM_CPPFLAGS += $(MBIM_CFLAGS)
$(call obj,$(wildcard modem/qmi/*.c)): ROOM_CPPFLAGS += $(QMI_CFLAGS)

$(MODEM_A): $(call obj,$(CONF_SRCS) $(filter-out %/module.c %/main.c,$(MODEM_SRCS))) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

# --no-undefined: of libesim's archive only errors, bytes and the like come in, or it does not link.
link_module = $(CC) -shared -Wl,--version-script=$(MODEM_MAP) $(if $(SAN),,-Wl,--no-undefined) $(ALL_LDFLAGS) -o $@ \
	$(filter %.o,$^) $(filter %.a,$^) $(MODULE_LIBS) -linih -lpthread
module_objs = $(call obj,$(CONF_SRCS) $(MODEM_COMMON_SRCS) $(wildcard modem/$(1)/*.c) $(if $(filter mbim qmi,$(1)),$(MODEM_GLIB_SRCS)))
%/mbim.so: MODULE_LIBS := $(MBIM_LIBS) $(GLIB_LIBS)
%/qmi.so: MODULE_LIBS := $(QMI_LIBS) $(GLIB_LIBS)
$(MODEM_MODULES): $(LIBESIM_A) $(MODEM_MAP) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	$(link_module)
$(foreach scheme,$(MODEM_SCHEMES),$(eval $(BUILD)/lib/coreesim/$(scheme).so: $(call module_objs,$(scheme))))

# --- ifd: /dev/euiccN as a reader of pcsc-lite's --------------------------------------
IFD_SRCS := $(wildcard ifd/*.c)
IFD_SO := $(BUILD)/lib/libifdeuicc.so
IFD_MAP := ifd/libifdeuicc.map
IFD_A := $(BUILD)/lib/libifd.a

$(call obj,$(IFD_SRCS)): ROOM_CPPFLAGS := -Ikmod/include/uapi $(PCSC_CFLAGS)

# For tests: the driver's parts, without pcscd.
$(IFD_A): $(call obj,$(IFD_SRCS)) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(IFD_SO): $(call obj,$(IFD_SRCS)) $(IFD_MAP) $(SOURCES_STAMP)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,--version-script=$(IFD_MAP) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -linih -lpthread

# --- lpad: the daemon, lpactl, and what both have of D-Bus ------------------------------
LPAD_COMMON_SRCS := $(wildcard lpad/common/*.c)
LPAD_SRCS := $(wildcard lpad/daemon/*.c)
LPACTL_SRCS := $(wildcard lpad/lpactl/*.c)
LPAD_COMMON_A := $(BUILD)/lib/liblpadcommon.a
LPAD_A := $(BUILD)/lib/liblpad.a
LPAD_LIBS := -lsystemd -linih
LPACTL_LIBS := -lsystemd -lqrencode -lpng

LPAD_CPPFLAGS := -I. -Ikmod/include/uapi \
	-DLPAD_DATADIR='"$(datadir)/coreesim"' -DLPAD_SYSCONFDIR='"$(sysconfdir)/coreesim"' \
	-DLPAD_STATEDIR='"$(statedir)"'

PUBLISH_SRCS := $(wildcard lpad/publish/*.c)
PUBLISH_A := $(BUILD)/lib/libpublish.a

$(call obj,$(LPAD_COMMON_SRCS) $(LPAD_SRCS) $(LPACTL_SRCS) $(PUBLISH_SRCS)): ROOM_CPPFLAGS := $(LPAD_CPPFLAGS)

# main.c apart, the daemon is a library that tests link.
$(LPAD_COMMON_A): $(call obj,$(LPAD_COMMON_SRCS))
$(LPAD_A): $(call obj,$(CONF_SRCS) $(filter-out %/main.c,$(LPAD_SRCS)))
$(PUBLISH_A): $(call obj,$(filter-out %/main.c,$(PUBLISH_SRCS)))
$(LPAD_COMMON_A) $(LPAD_A) $(PUBLISH_A): $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

# --- tests: the parts that other tests stand on ----------------------------------------
RSP_SRCS := $(wildcard tests/rsp/*.c)
VEUICC_SRCS := $(wildcard tests/veuicc/*.c)
SMDPP_SRCS := $(wildcard tests/smdpp/*.c)
USBIP_SRCS := $(wildcard tests/usbip/*.c)
VREADER_SRCS := $(wildcard tests/vreader/*.c)
VMODEM_SRCS := $(wildcard tests/vmodem/*.c)
RSP_A := $(BUILD)/lib/librsp.a
VEUICC_A := $(BUILD)/lib/libveuicc.a
SMDPP_A := $(BUILD)/lib/libsmdpp.a
USBIP_A := $(BUILD)/lib/libusbip.a
VREADER_A := $(BUILD)/lib/libvreader.a
VMODEM_A := $(BUILD)/lib/libvmodem.a

$(call obj,$(RSP_SRCS) $(VEUICC_SRCS) $(SMDPP_SRCS) $(USBIP_SRCS) $(VREADER_SRCS) $(VMODEM_SRCS)): ROOM_CPPFLAGS := -Itests -Ikmod/include/uapi

# A program's main lives in main.c; all else of its room is a library that tests link.
$(RSP_A): $(call obj,$(RSP_SRCS))
$(VEUICC_A): $(call obj,$(filter-out %/main.c,$(VEUICC_SRCS)))
$(SMDPP_A): $(call obj,$(filter-out %/main.c,$(SMDPP_SRCS)))
$(USBIP_A): $(call obj,$(USBIP_SRCS))
$(VREADER_A): $(call obj,$(filter-out %/main.c,$(VREADER_SRCS)))
$(VMODEM_A): $(call obj,$(filter-out %/main.c,$(VMODEM_SRCS)))
$(RSP_A) $(VEUICC_A) $(SMDPP_A) $(USBIP_A) $(VREADER_A) $(VMODEM_A): $(SOURCES_STAMP)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

# --- programs ------------------------------------------------------------------------------
SELFTEST_SRCS := $(wildcard tests/selftest/*.c)
$(call obj,$(SELFTEST_SRCS)): ROOM_CPPFLAGS := -Itests -Ikmod/include/uapi

USBCCID_PROXY_SRCS := $(wildcard usbccid/proxy/*.c)
$(call obj,$(USBCCID_PROXY_SRCS)): ROOM_CPPFLAGS := -Iusbccid/include -Ikmod/include/uapi

TOOLS := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
$(call obj,$(wildcard tests/tools/*.c)): ROOM_CPPFLAGS := -Itests $(PCSC_CFLAGS)

$(BUILD)/bin/lpactl: $(call obj,$(LPACTL_SRCS)) $(LPAD_COMMON_A) $(LIBESIM_ARCHIVES) $(SOURCES_STAMP)
$(BUILD)/bin/lpactl: PROGRAM_LIBS := $(LPACTL_LIBS)
$(BUILD)/bin/lpad: $(call obj,lpad/daemon/main.c) $(LPAD_A) $(LPAD_COMMON_A) $(LIBESIM_ARCHIVES) $(SOURCES_STAMP)
$(BUILD)/bin/lpad: PROGRAM_LIBS := $(LPAD_LIBS)
$(BUILD)/bin/euicc-publish: $(call obj,lpad/publish/main.c) $(PUBLISH_A) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/veuicc: $(call obj,tests/veuicc/main.c) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/smdpp: $(call obj,tests/smdpp/main.c) $(SMDPP_A) $(RSP_A) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/vreader: $(call obj,tests/vreader/main.c) $(VREADER_A) $(USBIP_A) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/vmodem: $(call obj,tests/vmodem/main.c) $(VMODEM_A) $(USBIP_A) $(VEUICC_A) $(RSP_A) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/modem-broker: $(call obj,$(wildcard modem/broker/*.c)) $(LIBESIM_ARCHIVES)
$(BUILD)/bin/usbccid-proxy: $(call obj,$(USBCCID_PROXY_SRCS)) $(USBCCID_A)
$(BUILD)/bin/euicc-selftest: $(call obj,$(SELFTEST_SRCS) tests/vm/device.c tests/vm/tap.c)
$(patsubst %,$(BUILD)/bin/%,$(TOOLS)): $(BUILD)/bin/%: $(BUILD)/obj/tests/tools/%.o $(RSP_A) $(LIBESIM_ARCHIVES)

PROGRAMS := $(if $(wildcard lpad/lpactl/main.c),$(BUILD)/bin/lpactl) \
	$(if $(wildcard lpad/daemon/main.c),$(BUILD)/bin/lpad) \
	$(if $(wildcard lpad/publish/main.c),$(BUILD)/bin/euicc-publish) \
	$(if $(wildcard tests/veuicc/main.c),$(BUILD)/bin/veuicc) \
	$(if $(wildcard tests/smdpp/main.c),$(BUILD)/bin/smdpp) \
	$(if $(wildcard tests/vreader/main.c),$(BUILD)/bin/vreader) \
	$(if $(wildcard tests/vmodem/main.c),$(BUILD)/bin/vmodem) \
	$(if $(wildcard usbccid/proxy/main.c),$(BUILD)/bin/usbccid-proxy) \
	$(BUILD)/bin/modem-broker \
	$(BUILD)/bin/euicc-selftest \
	$(patsubst %,$(BUILD)/bin/%,$(TOOLS))
LIBRARIES := $(LIBESIM_ARCHIVES) $(LIBESIM_SO) $(USBCCID_SO) $(if $(IFD_SRCS),$(IFD_SO)) $(MODEM_MODULES)

$(BUILD)/bin/%:
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PROGRAM_LIBS) $(DEPS_LIBS)

# --- examples, and the one of euicc(4): as a reader of the page compiles them --------------------
EXAMPLES := $(patsubst examples/%.c,$(BUILD)/vm/bin/%,$(wildcard examples/*.c)) $(BUILD)/vm/bin/euicc-example
EXAMPLE_FLAGS := -std=gnu17 -O2 -g $(WARNINGS) $(INSTRUMENT) -Ikmod/include/uapi

$(filter-out %/euicc-example,$(EXAMPLES)): $(BUILD)/vm/bin/%: examples/%.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) -o $@ $<

$(BUILD)/gen/euicc-example.c: docs/man/euicc.4 scripts/man-example.sh
	@mkdir -p $(@D)
	scripts/man-example.sh $< >$@

$(BUILD)/vm/bin/euicc-example: $(BUILD)/gen/euicc-example.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) -o $@ $<

# --- the build's own PKI ----------------------------------------------------------------------
PKI_STAMPS := $(BUILD)/pki/nist/.complete $(BUILD)/pki/brainpool/.complete
$(BUILD)/pki/%/.complete: $(BUILD)/bin/mkpki
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(BUILD)/bin/mkpki --curve $* $(@D)
	@touch $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
