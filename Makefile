# SPDX-License-Identifier: GPL-2.0-or-later
#
# CoreESIM. `make help` lists the targets. Products go to $(BUILD); nothing is
# written beside the sources. Each room of docs/architecture.md has its rule in
# mk/rooms.mk; what the variants mean is in mk/flags.mk.

VERSION := 0.1.0
SOVERSION := 0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir ?= $(prefix)/share/man
datadir ?= $(prefix)/share
sbindir ?= $(prefix)/sbin
# What lpad reads and keeps is below /etc and /var: another prefix than these keeps to itself.
sysconfdir ?= $(if $(filter /usr /usr/local,$(prefix)),/etc,$(prefix)/etc)
statedir ?= $(if $(filter /usr /usr/local,$(prefix)),,$(prefix))/var/lib/coreesim
REFDATA ?= ../shared/data
FUZZ_SECONDS ?= 20

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

include mk/flags.mk
include mk/rooms.mk
include mk/install.mk
include mk/bench.mk
include mk/lpad-bench.mk
include mk/test.mk
include mk/umockdev.mk
include mk/vm.mk
include mk/vm-bench.mk
include mk/kmod.mk
include mk/deb.mk

.PHONY: all deps demo check lint bench fuzz coverage install uninstall clean help

all: $(PROGRAMS) $(LIBRARIES) $(EXAMPLES)

deps:
	@scripts/deps.sh packages build $(if $(filter system,$(WOLFSSL)),system)
	@WOLFSSL=$(WOLFSSL) scripts/deps.sh libs

clean:
	rm -rf $(BUILD)

help:
	@scripts/help.sh
