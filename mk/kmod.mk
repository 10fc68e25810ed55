# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel modules for a kernel of the user's own. The VM bench builds its own, see
# tests/vm/modules.sh; so does DKMS, see kmod/dkms.conf.

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: kmod kmod-install
kmod:
	@[ -e '$(KDIR)/Makefile' ] || { echo "no kernel to build for at $(KDIR): install linux-headers-$$(uname -r), or say KDIR=DIR" >&2; exit 1; }
	@$(RUN_ENV) tests/vm/modules.sh '$(realpath $(KDIR))'
kmod-install: kmod
	@+$(MAKE) -C '$(KDIR)' M='$(abspath $(BUILD)/kmod)' $(if $(DESTDIR),INSTALL_MOD_PATH='$(DESTDIR)') modules_install
	@[ -n '$(DESTDIR)' ] || depmod "$$($(MAKE) -s --no-print-directory -C '$(KDIR)' kernelrelease)"
