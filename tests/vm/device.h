/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small wrappers for the ioctls of /dev/euiccN. They return 0 or a negative errno, and
 * hide nothing: whoever wants a field that they do not set fills the struct himself and
 * calls device_ioctl().
 */
#ifndef COREESIM_TESTS_VM_DEVICE_H
#define COREESIM_TESTS_VM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/euicc.h>

/* What a test waits at most for something that must come: a slow guest on a loaded
 * machine may take long, and nothing waits for it otherwise. */
#define DEVICE_WAIT_MS 120000

/* The AID of the ISD-R. */
extern const uint8_t device_isdr[16];

/* /dev/euiccMINOR, O_RDWR | O_CLOEXEC | FLAGS. A descriptor or -errno. */
int device_open(unsigned int minor, int flags);

/* ioctl(2), except that it gives -errno. */
int device_ioctl(int fd, unsigned long request, void *argument);

int device_info(int fd, struct euicc_info *info);

/* A channel to AID. RET may be NULL; it is filled also where the call fails. */
int device_channel(int fd, const void *aid, size_t aid_len, uint32_t flags,
		   struct euicc_open_channel *ret);
/* A channel to the ISD-R. */
int device_isdr_channel(int fd);

int device_cancel(int fd);

/* RET_GENERATION may be NULL. */
int device_reset(int fd, uint32_t kind, uint32_t flags, uint32_t *ret_generation);

/* One APDU with any status word: the entry's status, or the errno of the call. RESPONSE has
 * SIZE bytes of room; *RET_LEN and *RET_SW are set where the result is 0. Any may be NULL. */
int device_apdu(int fd, const void *command, size_t len, void *response, size_t size,
		size_t *ret_len, uint16_t *ret_sw);

/* A line of TAP that says, where GOT is not WANT, what it was: both 0 or negative errno. */
bool device_expect(int got, int want, const char *name_format, ...)
	__attribute__((format(printf, 3, 4)));

/* Lays a capability (CAP_*) of this thread aside, or takes it up again. */
void device_capability(unsigned int capability, bool effective);

/* --- batches ------------------------------------------------------------------------ */

struct device_batch {
	struct euicc_xfer xfer;
	struct euicc_xfer_entry entries[EUICC_BATCH_MAX];
	uint8_t commands[EUICC_AREA_MAX];
	uint8_t responses[EUICC_AREA_MAX];
};

/* Both areas and the entries are ready to be filled; responses_size is all of the area.
 * Never NULL: a test without memory is over. */
struct device_batch *device_batch_new(void);
void device_batch_free(struct device_batch *batch);	/* NULL is fine */
void device_batch_clear(struct device_batch *batch);

/* Appends a command that takes any status word. The entry, to set more in it. */
struct euicc_xfer_entry *device_batch_add(struct device_batch *batch, const void *command,
					  size_t len);

int device_batch_run(int fd, struct device_batch *batch);

/* The response data of entry INDEX; it must be done. */
const uint8_t *device_batch_response(const struct device_batch *batch, unsigned int index);

/* --- events ------------------------------------------------------------------------- */

/* poll(2) for EVENTS within MS: what came, 0 for nothing. */
short device_poll(int fd, short events, int ms);

/* The next event, waited for at most DEVICE_WAIT_MS. -ETIMEDOUT where none came. */
int device_event(int fd, struct euicc_event *event);

#endif
