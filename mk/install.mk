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
polkitrulesdir ?= $(if $(filter /usr/local,$(prefix)),/usr/share/polkit-1/rules.d,$(datadir)/polkit-1/rules.d)
polkitactionsdir ?= $(if $(filter /usr/local,$(prefix)),/usr/share/polkit-1/actions,$(datadir)/polkit-1/actions)
libexecdir ?= $(prefix)/libexec
dkmsdir ?= $(prefix)/src/coreesim-$(VERSION)

STAGE := $(BUILD)/install
LIBESIM_PC := $(STAGE)/libesim.pc
LIBESIM_STATIC := $(STAGE)/libesim.a
USBCCID_PC := $(STAGE)/libusbccid.pc
USBCCID_STATIC := $(STAGE)/libusbccid.a
DKMS_CONF := $(STAGE)/dkms.conf
READER_CONF := $(STAGE)/coreesim
LPAD_UNIT := $(STAGE)/lpad.service
LPAD_BUS_SERVICE := $(STAGE)/org.coreesim.Lpa1.service
LPAD_TMPFILES := $(STAGE)/lpad-tmpfiles.conf
BROKER_UNIT := $(STAGE)/coreesim-modem@.service
PUBLISH_UNIT := $(STAGE)/euicc-publish@.service

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
.PHONY: $(LIBESIM_PC) $(USBCCID_PC) $(READER_CONF) $(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES) $(BROKER_UNIT) $(PUBLISH_UNIT)
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
$(LIBESIM_STATIC): $(STAGE)/placed.a $(LIBESIM_MAP) | $(DEPS_STAMP)
	$(call one_object,$(LIBESIM_MAP),$<,$(filter %.a,$(DEPS_LIBS)))
$(USBCCID_STATIC): $(USBCCID_A) $(USBCCID_MAP)
	$(call one_object,$(USBCCID_MAP),$(USBCCID_A))

$(READER_CONF): ifd/coreesim.reader.conf
	@mkdir -p $(@D)
	@sed 's,@driverdir@,$(pcscdriverdir),' $< >$@

# So does what looks for its files there, which may have been built for another place: the sources
# that name one are compiled anew, and what they are part of is linked with them.
PLACED := $(STAGE)/placed
placed = $(patsubst %.c,$(PLACED)/%.o,$(1))
LIBESIM_PLACED := $(shell grep -l ESIM_MODULEDIR libesim/src/*.c)
MODEM_PLACED := $(shell grep -l 'MODEM_[A-Z]*DIR' modem/common/*.c)
LPAD_PLACED := $(shell grep -l 'LPAD_[A-Z]*DIR' lpad/daemon/*.c)
ALL_PLACED := $(call placed,$(LIBESIM_PLACED) $(MODEM_PLACED) $(LPAD_PLACED))
$(call placed,$(LIBESIM_PLACED)): ROOM_CPPFLAGS := $(LIBESIM_CPPFLAGS)
$(call placed,$(MODEM_PLACED)): ROOM_CPPFLAGS := $(MODEM_CPPFLAGS)
$(call placed,$(LPAD_PLACED)): ROOM_CPPFLAGS := $(LPAD_CPPFLAGS)
.PHONY: $(ALL_PLACED)
$(ALL_PLACED): $(PLACED)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ROOM_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# Objects of the build, those of the list replaced by the placed ones.
with_placed = $(filter-out $(call obj,$(2)),$(1)) $(call placed,$(2))

STAGED_LIBESIM_A := $(STAGE)/placed.a
$(STAGED_LIBESIM_A): $(LIBESIM_A) $(call placed,$(LIBESIM_PLACED))
	cp $(LIBESIM_A) $@
	$(AR) rs $@ $(filter %.o,$^)

STAGED_LIBESIM_SO := $(STAGE)/$(notdir $(LIBESIM_SO))
$(STAGED_LIBESIM_SO): $(call with_placed,$(LIBESIM_OBJS),$(LIBESIM_PLACED)) $(LIBESIM_MAP) $(USBCCID_SO)
	$(link_libesim)

STAGED_MODULES := $(patsubst %,$(STAGE)/modules/%.so,$(MODEM_SCHEMES))
$(STAGED_MODULES): $(LIBESIM_A) $(MODEM_MAP)
	@mkdir -p $(@D)
	$(link_module)
$(foreach scheme,$(MODEM_SCHEMES),$(eval \
	$(STAGE)/modules/$(scheme).so: $(call with_placed,$(call module_objs,$(scheme)),$(MODEM_PLACED))))

# Programs that open transports: a placed object comes before the archive that has its like.
STAGED_LPAD := $(if $(wildcard lpad/daemon/main.c),$(STAGE)/lpad)
STAGED_LPACTL := $(if $(wildcard lpad/lpactl/main.c),$(STAGE)/lpactl)
STAGED_BROKER := $(STAGE)/modem-broker
$(STAGED_LPAD): $(call with_placed,$(call obj,lpad/daemon/main.c),$(LPAD_PLACED)) $(LPAD_A) $(LPAD_COMMON_A)
$(STAGED_LPAD): PROGRAM_LIBS := $(LPAD_LIBS)
$(STAGED_LPACTL): $(call obj,$(LPACTL_SRCS)) $(LPAD_COMMON_A)
$(STAGED_LPACTL): PROGRAM_LIBS := $(LPACTL_LIBS)
$(STAGED_BROKER): $(call obj,$(wildcard modem/broker/*.c))
STAGED_PUBLISH := $(STAGE)/euicc-publish
$(STAGED_PUBLISH): $(call obj,$(PUBLISH_SRCS))
STAGED_PROGRAMS := $(STAGED_LPAD) $(STAGED_LPACTL) $(STAGED_BROKER) $(STAGED_PUBLISH)
$(STAGED_PROGRAMS): $(STAGED_LIBESIM_A) $(USBCCID_A)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		$(PROGRAM_LIBS) $(DEPS_LIBS)

STAGED := $(LIBESIM_PC) $(LIBESIM_STATIC) $(USBCCID_PC) $(USBCCID_STATIC) $(DKMS_CONF) $(READER_CONF) \
	$(STAGED_LIBESIM_SO) $(STAGED_MODULES) $(STAGED_PROGRAMS) \
	$(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES) $(BROKER_UNIT) $(PUBLISH_UNIT)

# The same goes for what starts lpad and modem-broker, and for where lpad keeps its state.
$(LPAD_UNIT): lpad/systemd/lpad.service.in
$(LPAD_BUS_SERVICE): lpad/dbus/org.coreesim.Lpa1.service.in
$(LPAD_TMPFILES): lpad/systemd/lpad-tmpfiles.conf.in
$(BROKER_UNIT): lpad/systemd/coreesim-modem@.service.in
$(PUBLISH_UNIT): lpad/systemd/euicc-publish@.service.in
$(LPAD_UNIT) $(LPAD_BUS_SERVICE) $(LPAD_TMPFILES) $(BROKER_UNIT) $(PUBLISH_UNIT):
	@mkdir -p $(@D)
	@sed -e 's,@sbindir@,$(sbindir),' -e 's,@libexecdir@,$(libexecdir),' -e 's,@statedir@,$(statedir),' $< >$@

# What DKMS needs of kmod/: all but the tests.
KMOD_SRCS := $(wildcard kmod/Kbuild kmod/*.[ch] kmod/include/*/*.h kmod/include/uapi/*/*.h)
$(DKMS_CONF): kmod/dkms.conf
	@mkdir -p $(@D)
	sed 's/#MODULE_VERSION#/$(VERSION)/' $< >$@

installs = $(foreach f,$(1),$(f):$(2)/$(notdir $(f)):$(3))
INSTALL_LIST := \
	$(call installs,$(filter-out %/pcscwait %/lpad %/lpactl %/modem-broker %/euicc-publish,$(PROGRAMS)),$(bindir),755) \
	$(call installs,$(STAGED_LPACTL),$(bindir),755) \
	$(call installs,$(STAGED_LPAD) $(STAGED_PUBLISH),$(sbindir),755) \
	$(call installs,$(STAGED_BROKER),$(libexecdir),755) \
	$(call installs,$(STAGED_MODULES),$(libdir)/coreesim,755) \
	modem/modems.conf:$(datadir)/coreesim/modems.conf:644 \
	$(call installs,$(PUBLIC_HEADERS),$(includedir)/esim,644) \
	$(call installs,$(LIBESIM_STATIC),$(libdir),644) \
	$(call installs,$(STAGED_LIBESIM_SO),$(libdir),755) \
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
	$(call installs,$(LPAD_UNIT) $(BROKER_UNIT) $(PUBLISH_UNIT) lpad/systemd/coreesim-modem.socket,$(unitdir),644) \
	$(call installs,$(LPAD_BUS_SERVICE),$(dbusservicesdir),644) \
	$(call installs,$(wildcard lpad/dbus/*.xml),$(dbusinterfacesdir),644) \
	$(call installs,$(wildcard lpad/dbus/*.conf),$(dbuspolicydir),644) \
	$(call installs,$(wildcard lpad/polkit/*.policy),$(polkitactionsdir),644) \
	$(call installs,$(wildcard lpad/polkit/*.rules),$(polkitrulesdir),644) \
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
	@rmdir "$(DESTDIR)$(libdir)/coreesim" 2>/dev/null || true
	@rmdir "$(DESTDIR)$(includedir)/esim" $(addprefix "$(DESTDIR)$(dkmsdir)"/,include/uapi/linux include/uapi include/euicc include) \
		"$(DESTDIR)$(dkmsdir)" \
		2>/dev/null || true
