#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `make help` prints.
cat <<'HELP'
CoreESIM. The two commands:

  make demo        set up, build, and take a profile from a test SM-DP+ onto a
                   virtual eUICC and through its life
  make check       set up, build, and run every test; the last line is
                   "N passed, N failed, N skipped"

Building:
  all              programs (build/bin) and libraries (build/lib); the default
  pki              the test PKI, which veuicc and smdpp take from the build
  tests            programs that only tests use, vreader-host among them
  deps             the Debian packages, wolfSSL and libcurl that building needs
  install          to $(DESTDIR)$(prefix); also libdir, bindir, includedir, mandir
  uninstall        remove what install put there
  clean            remove build/
  deb              Debian packages, in build/deb
  kmod             the kernel modules for the running kernel, or for KDIR=DIR
  kmod-install     install them there; DKMS users: install, then dkms add

Parts of check, and what looks closer:
  check-unit       unit tests alone
  check-integration  tests of the programs alone
  vm-check         the kernel modules in User-Mode Linux and Debian's kernel in QEMU
  vm-check-full    the same under KASAN, KCSAN and Linux 6.12 too (hours)
  lint             cppcheck, clang-tidy, shellcheck, man pages, exports, headers;
                   checkpatch, sparse and Coccinelle for the kernel modules
  fuzz             every fuzzer for FUZZ_SECONDS each, two at a time
  coverage         line coverage of each room; HTML in build/coverage/html
  bench            speed and memory, as a table

Variables:
  SAN=1            AddressSanitizer and UBSan, in build/san
  COVERAGE=1       gcov, in build/coverage
  WOLFSSL=system   the distribution's wolfSSL
  BUILD=DIR        where products go
  FUZZ_SECONDS=N   for each fuzzer (20)
  REFDATA=DIR      reference data for tests; without it those tests skip
HELP
