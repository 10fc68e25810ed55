# SPDX-License-Identifier: GPL-2.0-or-later
#
# install and uninstall, below $(DESTDIR). What is installed is one list of
# SOURCE:TARGET:MODE; uninstall removes the targets of the same list.

INSTALL ?= install
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir ?= $(prefix)/share/zsh/site-functions
pkgconfigdir ?= $(libdir)/pkgconfig
udevrulesdir ?= $(prefix)/lib/udev/rules.d
sysusersdir ?= $(prefix)/lib/sysusers.d
dkmsdir ?= $(prefix)/src/coreesim-$(VERSION)

STAGE := $(BUILD)/install
LIBESIM_PC := $(STAGE)/libesim.pc
LIBESIM_STATIC := $(STAGE)/libesim.a
DKMS_CONF := $(STAGE)/dkms.conf

PUBLIC_HEADERS := $(wildcard libesim/include/esim/*.h)
MAN_PAGES := $(wildcard docs/man/*.[1-9])
BASH_COMPLETIONS := $(wildcard lpad/lpactl/completion/*.bash)
ZSH_COMPLETIONS := $(wildcard lpad/lpactl/completion/_*)

# What a program that links libesim.a needs beside it. libcurl and the bundled
# wolfSSL are inside.
PRIVATE_LIBS := $(if $(filter system,$(WOLFSSL)),-lwolfssl) -ljansson -ltasn1 -lpthread -lm

# The pc file names the places of this very install.
.PHONY: $(LIBESIM_PC)
$(LIBESIM_PC):
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(prefix)' 'libdir=$(libdir)' 'includedir=$(includedir)' '' \
		'Name: libesim' 'Description: GSMA SGP.22: the eSIM lifecycle on an eUICC' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lesim' \
		'Libs.private: $(strip $(PRIVATE_LIBS))' >$@

# The static library that is installed: one object with libcurl and wolfSSL inside,
# their names made local, so that a program's own copies of those do not clash.
$(LIBESIM_STATIC): $(LIBESIM_A) $(LIBESIM_MAP) | $(DEPS_STAMP)
	@mkdir -p $(@D)
	sed -n 's/^	\([A-Za-z0-9_]*\);$$/\1/p' $(LIBESIM_MAP) >$(STAGE)/symbols
	$(CC) -r -nostdlib -o $(STAGE)/libesim.o -Wl,--whole-archive $(LIBESIM_A) -Wl,--no-whole-archive \
		$(filter %.a,$(DEPS_LIBS))
	objcopy --keep-global-symbols=$(STAGE)/symbols $(STAGE)/libesim.o
	@rm -f $@
	$(AR) rcs $@ $(STAGE)/libesim.o

# What DKMS needs of kmod/: all but the tests.
KMOD_SRCS := $(wildcard kmod/Kbuild kmod/*.[ch] kmod/include/*/*.h kmod/include/uapi/*/*.h)
$(DKMS_CONF): kmod/dkms.conf
	@mkdir -p $(@D)
	sed 's/#MODULE_VERSION#/$(VERSION)/' $< >$@

installs = $(foreach f,$(1),$(f):$(2)/$(notdir $(f)):$(3))
INSTALL_LIST := \
	$(call installs,$(PROGRAMS),$(bindir),755) \
	$(call installs,$(PUBLIC_HEADERS),$(includedir)/esim,644) \
	$(call installs,$(LIBESIM_STATIC),$(libdir),644) \
	$(call installs,$(LIBESIM_SO),$(libdir),755) \
	$(call installs,$(LIBESIM_PC),$(pkgconfigdir),644) \
	$(foreach f,$(MAN_PAGES),$(f):$(mandir)/man$(subst .,,$(suffix $(f)))/$(notdir $(f)):644) \
	$(foreach f,$(BASH_COMPLETIONS),$(f):$(bashcompdir)/$(basename $(notdir $(f))):644) \
	$(call installs,$(ZSH_COMPLETIONS),$(zshcompdir),644) \
	$(call installs,kmod/include/uapi/linux/euicc.h,$(includedir)/linux,644) \
	$(call installs,$(wildcard udev/*.rules),$(udevrulesdir),644) \
	udev/coreesim-sysusers.conf:$(sysusersdir)/coreesim.conf:644 \
	$(call installs,$(DKMS_CONF),$(dkmsdir),644) \
	$(foreach f,$(KMOD_SRCS),$(f):$(dkmsdir)/$(patsubst kmod/%,%,$(f)):644)
INSTALL_LINKS := libesim.so.$(SOVERSION) libesim.so

targets_of = $(foreach f,$(1),$(word 2,$(subst :, ,$(f))))
INSTALL_TARGETS := $(call targets_of,$(INSTALL_LIST)) $(addprefix $(libdir)/,$(INSTALL_LINKS))

install: all $(LIBESIM_PC) $(LIBESIM_STATIC) $(DKMS_CONF)
	@for f in $(INSTALL_LIST); do \
		IFS=:; set -- $$f; unset IFS; \
		echo "install $(DESTDIR)$$2"; \
		$(INSTALL) -D -m $$3 "$$1" "$(DESTDIR)$$2" || exit 1; \
	done
	@ln -sf libesim.so.$(VERSION) "$(DESTDIR)$(libdir)/libesim.so.$(SOVERSION)"
	@ln -sf libesim.so.$(SOVERSION) "$(DESTDIR)$(libdir)/libesim.so"

uninstall:
	@for f in $(INSTALL_TARGETS); do \
		echo "remove $(DESTDIR)$$f"; \
		rm -f "$(DESTDIR)$$f" || exit 1; \
	done
	@rmdir "$(DESTDIR)$(includedir)/esim" $(addprefix "$(DESTDIR)$(dkmsdir)"/,include/uapi/linux include/uapi include/euicc include .) \
		2>/dev/null || true
