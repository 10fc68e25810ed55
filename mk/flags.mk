# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiler, flags and variants.
#   SAN=1            AddressSanitizer and UndefinedBehaviorSanitizer, build/san
#   COVERAGE=1       gcov instrumentation, build/coverage
#   WOLFSSL=system   the distribution's wolfSSL in place of the bundled build

WOLFSSL ?= bundled
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
AR := $(if $(filter default,$(origin AR)),ar,$(AR))

variant := $(if $(SAN),/san)$(if $(COVERAGE),/coverage)$(if $(filter system,$(WOLFSSL)),/system)
BUILD ?= build$(variant)

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2
HARDENING := -fstack-protector-strong -fPIC $(if $(SAN)$(COVERAGE),,-D_FORTIFY_SOURCE=2)
OPTIMISE := $(if $(COVERAGE),-O0,-O2)
ifdef SAN
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
INSTRUMENT := $(SANITIZE) $(if $(COVERAGE),--coverage)

LIBS_PREFIX := $(shell WOLFSSL=$(WOLFSSL) scripts/deps.sh prefix)
PKG_CONFIG := PKG_CONFIG_PATH=$(LIBS_PREFIX)/lib/pkgconfig pkg-config

# wolfSSL's and libcurl's headers are not ours to warn about: -isystem.
DEPS_CFLAGS := -isystem $(LIBS_PREFIX)/include $(shell $(PKG_CONFIG) --cflags jansson libtasn1 2>/dev/null)
WOLFSSL_LIBS := $(if $(filter system,$(WOLFSSL)),-lwolfssl,$(LIBS_PREFIX)/lib/libwolfssl.a)
CURL_LIBS := $(LIBS_PREFIX)/lib/libcurl.a
USB_LIBS := -lusb-1.0
PCSC_CFLAGS := $(shell pkg-config --cflags-only-I libpcsclite 2>/dev/null | sed 's/-I/-isystem /g')
PCSC_LIBS := -lpcsclite
# The modem transports are loaded; their libraries are theirs alone.
GLIB_CFLAGS := $(shell pkg-config --cflags gio-2.0 2>/dev/null | sed 's/-I/-isystem /g')
GLIB_LIBS := -lgio-2.0 -lgobject-2.0 -lglib-2.0
MBIM_CFLAGS := $(shell pkg-config --cflags mbim-glib 2>/dev/null | sed 's/-I/-isystem /g')
MBIM_LIBS := -lmbim-glib
QMI_CFLAGS := $(shell pkg-config --cflags qmi-glib qrtr-glib 2>/dev/null | sed 's/-I/-isystem /g')
QMI_LIBS := -lqmi-glib -lqrtr-glib
DEPS_LIBS := $(CURL_LIBS) $(WOLFSSL_LIBS) -ljansson -ltasn1 $(USB_LIBS) $(PCSC_LIBS) -lpthread -lm

CFLAGS ?= -g
ALL_CPPFLAGS := -D_GNU_SOURCE -DCOREESIM_VERSION='"$(VERSION)"' -Ilibesim/include $(DEPS_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS := -std=gnu17 $(OPTIMISE) $(CFLAGS) $(WARNINGS) $(HARDENING) $(INSTRUMENT)
ALL_LDFLAGS := -Wl,--as-needed -Wl,-z,relro -Wl,-z,now $(INSTRUMENT) $(LDFLAGS)

# A changed flag rebuilds what was built with the old one.
FLAGS_STAMP := $(BUILD)/.flags
flags_now := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(DEPS_LIBS)
ifneq ($(shell cat $(FLAGS_STAMP) 2>/dev/null),$(strip $(flags_now)))
.PHONY: $(FLAGS_STAMP)
endif
$(FLAGS_STAMP):
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(strip $(flags_now)))' >$@

# make's lists are split at spaces: say so here, not in a page of broken rules.
$(foreach v,BUILD LIBS_PREFIX prefix bindir sbindir libdir includedir mandir datadir sysconfdir statedir libexecdir,$(if $(word 2,$($(v))),\
	$(error $(v) is "$($(v))": this build cannot take a path with a space)))

# Without this a missing set-up shows up as a page of missing headers.
DEPS_STAMP := $(LIBS_PREFIX)/.complete
$(DEPS_STAMP):
	@echo "wolfSSL and libcurl are not built yet: run 'make deps' first ('make demo' and 'make check' do it by themselves)" >&2; exit 1
