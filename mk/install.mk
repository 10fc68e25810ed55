# SPDX-License-Identifier: GPL-2.0-or-later
#
# install and uninstall, below $(DESTDIR). What is installed is one list of
# SOURCE:TARGET:MODE; uninstall removes the targets of the same list. Configuration is a
# list of its own: what the administrator changed is neither overwritten nor removed.

INSTALL ?= install
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir ?= $(prefix)/share/zsh/site-functions
pkgconfigdir ?= $(libdir)/pkgconfig
pcscdriverdir ?= $(libdir)/pcsc/drivers/serial
udevrulesdir ?= $(prefix)/lib/udev/rules.d
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
unitdir ?= $(prefix)/lib/systemd/system
dbusinterfacesdir ?= $(datadir)/dbus-1/interfaces
dbusservicesdir ?= $(datadir)/dbus-1/system-services
# What looks for these two looks below /usr and /etc alone.
dbuspolicydir ?= $(if $(filter /usr/local,$(prefix)),$(sysconfdir)/dbus-1/system.d,$(datadir)/dbus-1/system.d)
polkitactionsdir ?= $(if $(filter /usr/local,$(prefix)),/usr/share/polkit-1/actions,$(datadir)/polkit-1/actions)
dkmsdir ?= $(prefix)/src/coreesim-$(VERSION)

STAGE := $(BUILD)/install
LIBESIM_PC := $(STAGE)/libesim.pc
LIBESIM_STATIC := $(STAGE)/libesim.a
USBCCID_PC := $(STAGE)/libusbccid.pc
USBCCID_STATIC := $(STAGE)/libusbccid.a
DKMS_CONF := $(STAGE)/dkms.conf
READER_CONF := $(STAGE)/coreesim
LPAD_STAGED := $(if $(wildcard lpad/daemon/main.c),$(STAGE)/lpad)
LPAD_UNIT := $(STAGE)/lpad.service
LPAD_BUS_SERVICE := $(STAGE)/org.coreesim.Lpa1.service
LPAD_TMPFILES := $(STAGE)/lpad-tmpfiles.conf
STAGED := $(LIBESIM_PC) $(LIBESIM_STATIC) $(USBCCID_PC) $(USBCCID_STATIC) $(DKMS_CONF) $(READER_CONF) \
	$(LPAD_STAGED) $(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES)

PUBLIC_HEADERS := $(wildcard libesim/include/esim/*.h)
MAN_PAGES := $(wildcard docs/man/*.[1-9])
BASH_COMPLETIONS := $(wildcard lpad/lpactl/completion/*.bash)
ZSH_COMPLETIONS := $(wildcard lpad/lpactl/completion/_*)

# What a program that links libesim.a needs beside it. libcurl and the bundled
# wolfSSL are inside; usbccid is a library of its own, which a program may use as well.
# Others' libraries go by their names, not their pc files: Debian's for libusb asks for
# libudev's development files, which a program that takes libusb shared has no need of.
PRIVATE_LIBS := $(if $(filter system,$(WOLFSSL)),-lwolfssl) -ljansson -ltasn1 $(PCSC_LIBS) -lpthread -lm

# A pc file names the places of this very install.
pc_head = 'prefix=$(prefix)' 'libdir=$(libdir)' 'includedir=$(includedir)' ''
.PHONY: $(LIBESIM_PC) $(USBCCID_PC) $(READER_CONF) $(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES)
$(LIBESIM_PC):
	@mkdir -p $(@D)
	@printf '%s\n' $(pc_head) \
		'Name: libesim' 'Description: GSMA SGP.22: the eSIM lifecycle on an eUICC' \
		'Version: $(VERSION)' 'Requires.private: libusbccid' \
		'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lesim' \
		'Libs.private: $(strip $(PRIVATE_LIBS))' >$@

$(USBCCID_PC):
	@mkdir -p $(@D)
	@printf '%s\n' $(pc_head) \
		'Name: libusbccid' 'Description: smart-card readers of the USB CCID class over libusb' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
		'Libs: -L$${libdir} -lusbccid' 'Libs.private: $(USB_LIBS) -lpthread' >$@

# A static library that is installed is one object, and all names that its map does not
# list are made local: a program's own, and its own libcurl and wolfSSL, do not clash.
define one_object # map archive...
	@mkdir -p $(@D)
	sed -n 's/^	\([A-Za-z0-9_]*\);$$/\1/p' $(1) >$@.symbols
	$(CC) -r -nostdlib -o $(@:.a=.o) -Wl,--whole-archive $(2) -Wl,--no-whole-archive $(3)
	objcopy --keep-global-symbols=$@.symbols $(@:.a=.o)
	@rm -f $@
	$(AR) rcs $@ $(@:.a=.o)
endef
$(LIBESIM_STATIC): $(LIBESIM_A) $(LIBESIM_MAP) | $(DEPS_STAMP)
	$(call one_object,$(LIBESIM_MAP),$(LIBESIM_A),$(filter %.a,$(DEPS_LIBS)))
$(USBCCID_STATIC): $(USBCCID_A) $(USBCCID_MAP)
	$(call one_object,$(USBCCID_MAP),$(USBCCID_A))

$(READER_CONF): ifd/coreesim.reader.conf
	@mkdir -p $(@D)
	@sed 's,@driverdir@,$(pcscdriverdir),' $< >$@

# So does lpad, which may have been built for another place: the sources that name one anew.
LPAD_PLACED := $(shell grep -l 'LPAD_[A-Z]*DIR' lpad/daemon/*.c)
.PHONY: $(LPAD_STAGED)
$(LPAD_STAGED): $(call obj,lpad/daemon/main.c) $(LPAD_A) $(LPAD_COMMON_A) $(LIBESIM_ARCHIVES)
	@rm -rf $(STAGE)/placed
	@mkdir -p $(STAGE)/placed
	for f in $(LPAD_PLACED); do \
		$(CC) $(ALL_CPPFLAGS) $(LPAD_CPPFLAGS) $(ALL_CFLAGS) -c -o $(STAGE)/placed/$$(basename $$f .c).o $$f || exit 1; \
	done
	$(CC) $(ALL_LDFLAGS) -o $@ $(STAGE)/placed/*.o $(filter %.a,$^) $(LPAD_LIBS) $(DEPS_LIBS)

# The same goes for what starts lpad, and for where it keeps its state.
$(LPAD_UNIT): lpad/systemd/lpad.service.in
$(LPAD_BUS_SERVICE): lpad/dbus/org.coreesim.Lpa1.service.in
$(LPAD_TMPFILES): lpad/systemd/lpad-tmpfiles.conf.in
$(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES):
	@mkdir -p $(@D)
	@sed -e 's,@sbindir@,$(sbindir),' -e 's,@statedir@,$(statedir),' $< >$@

# What DKMS needs of kmod/: all but the tests.
KMOD_SRCS := $(wildcard kmod/Kbuild kmod/*.[ch] kmod/include/*/*.h kmod/include/uapi/*/*.h)
$(DKMS_CONF): kmod/dkms.conf
	@mkdir -p $(@D)
	sed 's/#MODULE_VERSION#/$(VERSION)/' $< >$@

installs = $(foreach f,$(1),$(f):$(2)/$(notdir $(f)):$(3))
INSTALL_LIST := \
	$(call installs,$(filter-out %/pcscwait %/lpad,$(PROGRAMS)),$(bindir),755) \
	$(call installs,$(LPAD_STAGED),$(sbindir),755) \
	$(call installs,$(PUBLIC_HEADERS),$(includedir)/esim,644) \
	$(call installs,$(LIBESIM_STATIC),$(libdir),644) \
	$(call installs,$(LIBESIM_SO),$(libdir),755) \
	$(call installs,$(LIBESIM_PC) $(USBCCID_PC),$(pkgconfigdir),644) \
	$(call installs,usbccid/include/usbccid.h,$(includedir),644) \
	$(call installs,$(USBCCID_STATIC),$(libdir),644) \
	$(call installs,$(USBCCID_SO),$(libdir),755) \
	$(call installs,$(IFD_SO),$(pcscdriverdir),755) \
	$(foreach f,$(MAN_PAGES),$(f):$(mandir)/man$(subst .,,$(suffix $(f)))/$(notdir $(f)):644) \
	$(foreach f,$(BASH_COMPLETIONS),$(f):$(bashcompdir)/$(basename $(notdir $(f))):644) \
	$(call installs,$(ZSH_COMPLETIONS),$(zshcompdir),644) \
	$(call installs,kmod/include/uapi/linux/euicc.h,$(includedir)/linux,644) \
	$(call installs,$(wildcard udev/*.rules),$(udevrulesdir),644) \
	udev/coreesim-sysusers.conf:$(sysusersdir)/coreesim.conf:644 \
	lpad/systemd/lpad-sysusers.conf:$(sysusersdir)/lpad.conf:644 \
	$(LPAD_TMPFILES):$(tmpfilesdir)/lpad.conf:644 \
	$(call installs,$(LPAD_UNIT),$(unitdir),644) \
	$(call installs,$(LPAD_BUS_SERVICE),$(dbusservicesdir),644) \
	$(call installs,$(wildcard lpad/dbus/*.xml),$(dbusinterfacesdir),644) \
	$(call installs,$(wildcard lpad/dbus/*.conf),$(dbuspolicydir),644) \
	$(call installs,$(wildcard lpad/polkit/*.policy),$(polkitactionsdir),644) \
	$(call installs,lpad/trust/README,$(datadir)/coreesim/ci.d,644) \
	$(call installs,$(DKMS_CONF),$(dkmsdir),644) \
	$(foreach f,$(KMOD_SRCS),$(f):$(dkmsdir)/$(patsubst kmod/%,%,$(f)):644)
INSTALL_LINKS := $(foreach l,libesim libusbccid,$(l).so.$(SOVERSION) $(l).so)
CONFIG_LIST := \
	$(call installs,$(READER_CONF),$(sysconfdir)/reader.conf.d,644) \
	$(call installs,ifd/ifdeuicc.conf $(wildcard lpad/lpad.conf),$(sysconfdir)/coreesim,644)

targets_of = $(foreach f,$(1),$(word 2,$(subst :, ,$(f))))
INSTALL_TARGETS := $(call targets_of,$(INSTALL_LIST)) $(addprefix $(libdir)/,$(INSTALL_LINKS))

install: all $(STAGED)
	@for f in $(INSTALL_LIST); do \
		IFS=:; set -- $$f; unset IFS; \
		echo "install $(DESTDIR)$$2"; \
		$(INSTALL) -D -m $$3 "$$1" "$(DESTDIR)$$2" || exit 1; \
	done
	@for f in $(CONFIG_LIST); do \
		IFS=:; set -- $$f; unset IFS; \
		if [ -e "$(DESTDIR)$$2" ]; then echo "keep    $(DESTDIR)$$2"; continue; fi; \
		echo "install $(DESTDIR)$$2"; \
		$(INSTALL) -D -m $$3 "$$1" "$(DESTDIR)$$2" || exit 1; \
	done
	@for l in libesim libusbccid; do \
		ln -sf $$l.so.$(VERSION) "$(DESTDIR)$(libdir)/$$l.so.$(SOVERSION)" && \
		ln -sf $$l.so.$(SOVERSION) "$(DESTDIR)$(libdir)/$$l.so" || exit 1; \
	done

uninstall: $(READER_CONF)
	@for f in $(INSTALL_TARGETS); do \
		echo "remove $(DESTDIR)$$f"; \
		rm -f "$(DESTDIR)$$f" || exit 1; \
	done
	@for f in $(CONFIG_LIST); do \
		IFS=:; set -- $$f; unset IFS; \
		[ -e "$(DESTDIR)$$2" ] || continue; \
		if ! cmp -s "$$1" "$(DESTDIR)$$2"; then echo "keep   $(DESTDIR)$$2, it was changed"; continue; fi; \
		echo "remove $(DESTDIR)$$2"; \
		rm -f "$(DESTDIR)$$2" || exit 1; \
	done
	@rmdir "$(DESTDIR)$(sysconfdir)/coreesim" "$(DESTDIR)$(datadir)/coreesim/ci.d" "$(DESTDIR)$(datadir)/coreesim" \
		2>/dev/null || true
	@rmdir "$(DESTDIR)$(includedir)/esim" $(addprefix "$(DESTDIR)$(dkmsdir)"/,include/uapi/linux include/uapi include/euicc include) \
		"$(DESTDIR)$(dkmsdir)" \
		2>/dev/null || true
