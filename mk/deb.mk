# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's packages, in $(BUILD)/deb; see debian/ and scripts/deb.sh.

.PHONY: deb
deb: deps
	@scripts/deps.sh packages deb
	@$(RUN_ENV) scripts/deb.sh
