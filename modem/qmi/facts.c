/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem is, by DMS. */
#include "answers.h"

#include <string.h>

static int ask(struct qmi *qmi, const char *what, uint16_t id, QmiMessage **ret, struct esim_error *err)
{
	return qmi_exchange(qmi, what, qmi_dms_request(qmi, id), QMI_TIMEOUT_MS, ret, err);
}

static int read_text(struct qmi *qmi, const char *what, uint16_t id, char *ret, size_t size, struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r = ask(qmi, what, id, &answer, err);

	if (r)
		return r;
	r = qmi_answer_text(answer, what, ret, size, err);
	qmi_message_unref(answer);
	return r;
}

static int read_with(struct qmi *qmi, const char *what, uint16_t id,
		     int (*reader)(QmiMessage *, struct esim_modem_facts *, struct esim_error *), struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r = ask(qmi, what, id, &answer, err);

	if (r)
		return r;
	r = reader(answer, &qmi->facts, err);
	qmi_message_unref(answer);
	return r;
}

/* What it does not tell stays empty; that it is gone is no such thing. */
static int essential(int code)
{
	return code && glib_call_can_do_without(code) ? 0 : code;
}

static int read_all(struct qmi *qmi, struct esim_error *err)
{
	struct esim_modem_facts *facts = &qmi->facts;
	int r = essential(read_text(qmi, "manufacturer", QMI_DMS_GET_MANUFACTURER, facts->manufacturer,
				    sizeof(facts->manufacturer), err));

	if (!r)
		r = essential(read_text(qmi, "model", QMI_DMS_GET_MODEL, facts->model, sizeof(facts->model), err));
	if (!r)
		r = essential(read_text(qmi, "revision", QMI_DMS_GET_REVISION, facts->firmware,
					sizeof(facts->firmware), err));
	if (!r)
		r = essential(read_with(qmi, "identities", QMI_DMS_GET_IDS, qmi_answer_ids, err));
	if (!r)
		r = essential(read_with(qmi, "capabilities", QMI_DMS_GET_CAPABILITIES, qmi_answer_capabilities, err));
	return r;
}

int qmi_facts_read(struct qmi *qmi, struct esim_error *err)
{
	int r;

	modem_identity_facts(&qmi->identity, &qmi->facts);
	r = read_all(qmi, err);
	if (!r && qmi->facts.firmware[0])
		r = quirks_load_of(&qmi->identity, QUIRK_QMI, qmi->facts.firmware, &qmi->quirks, err);
	return r;
}

int qmi_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err)
{
	const struct qmi *qmi = priv;

	(void)err;
	*ret = qmi->facts;
	return 0;
}
