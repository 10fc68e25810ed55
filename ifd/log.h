/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the administrator reads: pcscd's log, or standard error where there is no pcscd. */
#ifndef IFD_LOG_H
#define IFD_LOG_H

void ifd_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ifd_log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
