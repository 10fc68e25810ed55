/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cards that are put into and taken out of a device of the kernel's, as euicc(4) tells who has it open. */
#ifndef LPAD_MONITOR_CARD_H
#define LPAD_MONITOR_CARD_H

#include "model.h"

struct card_watch;
/* Tells device_changed(). NULL: it cannot be watched. */
struct card_watch *card_watch_new(struct daemon *daemon, const char *path);
void card_watch_free(struct card_watch **watch);

#endif
