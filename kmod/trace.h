/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: headers, lengths, status words and times; never what a command or an answer says. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM euicc

#if !defined(_EUICC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _EUICC_TRACE_H

#include <linux/tracepoint.h>

#include "euicc.h"

TRACE_EVENT(euicc_apdu,
	TP_PROTO(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
		 size_t answer_len, u16 sw, int error, u64 ns),
	TP_ARGS(edev, channel, command, len, answer_len, sw, error, ns),
	TP_STRUCT__entry(
		__field(unsigned int, minor)
		__field(u32, channel)
		__array(u8, header, 4)
		__field(u32, command_len)
		__field(u32, answer_len)
		__field(u16, sw)
		__field(int, error)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->minor = edev->minor;
		__entry->channel = channel;
		memcpy(__entry->header, command, 4);
		__entry->command_len = len;
		__entry->answer_len = answer_len;
		__entry->sw = sw;
		__entry->error = error;
		__entry->ns = ns;
	),
	TP_printk("euicc%u channel=%u header=%*phN command=%u answer=%u sw=%04x error=%d ns=%llu",
		  __entry->minor, __entry->channel, 4, __entry->header, __entry->command_len,
		  __entry->answer_len, __entry->sw, __entry->error, __entry->ns)
);

TRACE_EVENT(euicc_activate,
	TP_PROTO(struct euicc_device *edev, u32 kind, int error),
	TP_ARGS(edev, kind, error),
	TP_STRUCT__entry(
		__field(unsigned int, minor)
		__field(u32, kind)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->minor = edev->minor;
		__entry->kind = kind;
		__entry->error = error;
	),
	TP_printk("euicc%u kind=%u error=%d", __entry->minor, __entry->kind, __entry->error)
);

TRACE_DEFINE_ENUM(EUICC_JOB_OPEN);
TRACE_DEFINE_ENUM(EUICC_JOB_XFER);
TRACE_DEFINE_ENUM(EUICC_JOB_RESET);

TRACE_EVENT(euicc_job,
	TP_PROTO(struct euicc_job *job, int result),
	TP_ARGS(job, result),
	TP_STRUCT__entry(
		__field(unsigned int, minor)
		__field(unsigned int, kind)
		__field(unsigned int, steps)
		__field(bool, abandoned)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->minor = job->edev->minor;
		__entry->kind = job->type->kind;
		__entry->steps = job->steps;
		__entry->abandoned = job->abandoned;
		__entry->result = result;
	),
	TP_printk("euicc%u %s steps=%u%s result=%d", __entry->minor,
		  __print_symbolic(__entry->kind, { EUICC_JOB_OPEN, "open" },
				   { EUICC_JOB_XFER, "xfer" }, { EUICC_JOB_RESET, "reset" }),
		  __entry->steps, __entry->abandoned ? " abandoned" : "", __entry->result)
);

#endif /* _EUICC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
