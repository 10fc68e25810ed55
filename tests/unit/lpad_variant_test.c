/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON into D-Bus and back: the types that the API documents, and bounds for what a peer may send. */
#include "lpad/common/variant.h"

#include <atf-c.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static sd_bus *bus;

/* A message needs a bus, and no peer. */
static sd_bus_message *message_new(void)
{
	int fds[2];
	sd_bus_message *m;

	if (!bus) {
		ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		ATF_REQUIRE(sd_bus_new(&bus) >= 0);
		ATF_REQUIRE(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
		ATF_REQUIRE(sd_bus_start(bus) >= 0);
		close(fds[1]);
	}
	ATF_REQUIRE(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
	return m;
}

static void finish(sd_bus_message *m)
{
	ATF_REQUIRE(sd_bus_message_seal(m, 1, 0) >= 0);
	ATF_REQUIRE(sd_bus_message_rewind(m, true) >= 0);
}

static json_t *parsed(const char *text)
{
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	ATF_REQUIRE(value);
	return value;
}

ATF_TC_WITHOUT_HEAD(an_object_goes_over_the_bus_and_comes_back_the_same);
ATF_TC_BODY(an_object_goes_over_the_bus_and_comes_back_the_same, tc)
{
	json_t *object = parsed("{\"text\":\"caf\\u00e9\",\"integer\":-9007199254740993,\"real\":0.5,\"yes\":true,"
				"\"no\":false,\"texts\":[\"a\",\"b\"],\"empty\":[],\"nothing\":{},"
				"\"mixed\":[1,\"a\",{\"deep\":[[\"x\"],[2]]}]}");
	sd_bus_message *m = message_new();
	json_t *back = NULL;

	ATF_REQUIRE_EQ(variant_append_dict(m, object), 0);
	finish(m);
	ATF_REQUIRE_EQ(variant_read_dict(m, &back), 0);
	ATF_CHECK(json_equal(object, back));
	ATF_CHECK(sd_bus_message_at_end(m, true) > 0);
	json_decref(object);
	json_decref(back);
	sd_bus_message_unref(m);
}

static const struct {
	const char *value, *type;
} types[] = {
	{ "\"t\"", "s" }, { "1", "x" }, { "1.0", "d" }, { "true", "b" }, { "false", "b" }, { "{}", "a{sv}" },
	{ "[]", "as" }, { "[\"a\"]", "as" }, { "[1]", "av" }, { "[\"a\",1]", "av" }, { "[{}]", "av" },
};

ATF_TC_WITHOUT_HEAD(each_json_type_has_the_dbus_type_that_is_documented);
ATF_TC_BODY(each_json_type_has_the_dbus_type_that_is_documented, tc)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		json_t *object = json_object();
		sd_bus_message *m = message_new();
		const char *contents;

		json_object_set_new(object, "k", json_loads(types[i].value, JSON_DECODE_ANY, NULL));
		ATF_REQUIRE_EQ(variant_append_dict(m, object), 0);
		finish(m);
		ATF_REQUIRE(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
		ATF_REQUIRE(sd_bus_message_enter_container(m, 'e', "sv") > 0);
		ATF_REQUIRE(sd_bus_message_skip(m, "s") >= 0);
		ATF_REQUIRE(sd_bus_message_peek_type(m, NULL, &contents) > 0);
		ATF_CHECK_STREQ(contents, types[i].type);
		json_decref(object);
		sd_bus_message_unref(m);
	}
}

ATF_TC_WITHOUT_HEAD(what_does_not_apply_is_left_out_and_no_object_is_an_empty_one);
ATF_TC_BODY(what_does_not_apply_is_left_out_and_no_object_is_an_empty_one, tc)
{
	json_t *object = parsed("{\"a\":null,\"b\":[null,1,null]}"), *array = parsed("[]"), *back;
	json_t *expected = parsed("{\"b\":[1]}");
	sd_bus_message *m = message_new();

	ATF_CHECK(variant_append_dict(m, array) < 0);
	ATF_REQUIRE_EQ(variant_append_dict(m, object), 0);
	ATF_REQUIRE_EQ(variant_append_dict(m, NULL), 0);
	finish(m);
	ATF_REQUIRE_EQ(variant_read_dict(m, &back), 0);
	ATF_CHECK(json_equal(back, expected));
	json_decref(back);
	ATF_REQUIRE_EQ(variant_read_dict(m, &back), 0);
	ATF_CHECK(json_is_object(back) && json_object_size(back) == 0);
	json_decref(back);
	ATF_CHECK_EQ(variant_read_dict(m, &back), -ENXIO);
	json_decref(object);
	json_decref(array);
	json_decref(expected);
	sd_bus_message_unref(m);
}

/* What follows in @m, as compact JSON. */
static void check_read(sd_bus_message *m, const char *expected)
{
	json_t *value = NULL;
	char *text;
	int r;

	finish(m);
	r = variant_read(m, &value);
	ATF_REQUIRE_EQ_MSG(r, 0, "%s: %s", expected, strerror(-r));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	ATF_CHECK_STREQ(text, expected);
	free(text);
	json_decref(value);
	sd_bus_message_unref(m);
}

ATF_TC_WITHOUT_HEAD(every_type_of_the_bus_but_a_descriptor_is_taken);
ATF_TC_BODY(every_type_of_the_bus_but_a_descriptor_is_taken, tc)
{
	sd_bus_message *m = message_new();
	json_t *value;

	ATF_REQUIRE(sd_bus_message_append(m, "a{sv}", 9, "y", "y", 255, "q", "q", 65535, "u", "u", 4294967295u,
					  "t", "t", (uint64_t)INT64_MAX, "n", "n", -1, "i", "i", -2, "x", "x",
					  INT64_MIN, "o", "o", "/a", "g", "g", "as") >= 0);
	check_read(m, "{\"g\":\"as\",\"i\":-2,\"n\":-1,\"o\":\"/a\",\"q\":65535,\"t\":9223372036854775807,"
		      "\"u\":4294967295,\"x\":-9223372036854775808,\"y\":255}");
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "ay", 3, 0x80, 1, 0xFF) >= 0);
	check_read(m, "\"8001FF\"");
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "(s(ub)aas)", "a", 1, true, 2, 1, "x", 0) >= 0);
	check_read(m, "[\"a\",[1,true],[[\"x\"],[]]]");
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "v", "v", "i", 7) >= 0);
	check_read(m, "7");
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "h", STDIN_FILENO) >= 0);
	finish(m);
	ATF_CHECK_EQ(variant_read(m, &value), -EBADMSG);
	sd_bus_message_unref(m);
}

static void check_refused(sd_bus_message *m, int error)
{
	json_t *value = NULL;
	int r;

	finish(m);
	r = variant_read(m, &value);
	ATF_CHECK_EQ_MSG(r, error, "%s, not %s", strerror(-r), strerror(-error));
	ATF_CHECK(!value);
	sd_bus_message_unref(m);
}

ATF_TC_WITHOUT_HEAD(what_json_cannot_hold_is_refused);
ATF_TC_BODY(what_json_cannot_hold_is_refused, tc)
{
	sd_bus_message *m = message_new();

	ATF_REQUIRE(sd_bus_message_append(m, "t", (uint64_t)INT64_MAX + 1) >= 0);
	check_refused(m, -ERANGE);
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "d", 1.0 / 0.0) >= 0);
	check_refused(m, -ERANGE);
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "a{us}", 1, 1, "a") >= 0);
	check_refused(m, -EBADMSG);
	m = message_new();
	ATF_REQUIRE(sd_bus_message_append(m, "a{sv}", 2, "k", "i", 1, "k", "i", 2) >= 0);
	check_refused(m, -EBADMSG);
}

ATF_TC_WITHOUT_HEAD(a_dictionary_is_of_names_and_variants_alone);
ATF_TC_BODY(a_dictionary_is_of_names_and_variants_alone, tc)
{
	sd_bus_message *m = message_new();
	json_t *value = NULL;

	ATF_REQUIRE(sd_bus_message_append(m, "a{ss}", 1, "a", "b") >= 0);
	finish(m);
	ATF_CHECK_EQ(variant_read_dict(m, &value), -EBADMSG);
	ATF_CHECK(!value);
	sd_bus_message_unref(m);
}

/* {"k":{"k":…}}, @levels of it. */
static json_t *nested(unsigned levels)
{
	json_t *object = json_object();

	json_object_set_new(object, "k", json_integer(1));
	while (--levels) {
		json_t *outer = json_object();

		json_object_set_new(outer, "k", object);
		object = outer;
	}
	return object;
}

ATF_TC_WITHOUT_HEAD(depth_is_bounded_both_ways);
ATF_TC_BODY(depth_is_bounded_both_ways, tc)
{
	json_t *object = nested(VARIANT_MAX_DEPTH), *back;
	sd_bus_message *m = message_new();

	ATF_REQUIRE_EQ(variant_append_dict(m, object), 0);
	finish(m);
	ATF_REQUIRE_EQ(variant_read_dict(m, &back), 0);
	ATF_CHECK(json_equal(object, back));
	json_decref(back);
	json_decref(object);
	sd_bus_message_unref(m);

	object = nested(VARIANT_MAX_DEPTH + 1);
	m = message_new();
	ATF_CHECK_EQ(variant_append_dict(m, object), -ELOOP);
	json_decref(object);
	sd_bus_message_unref(m);

	m = message_new();
	for (unsigned i = 0; i < 2 * VARIANT_MAX_DEPTH; i++)
		ATF_REQUIRE(sd_bus_message_open_container(m, 'v', "v") >= 0);
	ATF_REQUIRE(sd_bus_message_append(m, "v", "s", "x") >= 0);
	for (unsigned i = 0; i < 2 * VARIANT_MAX_DEPTH; i++)
		ATF_REQUIRE(sd_bus_message_close_container(m) >= 0);
	check_refused(m, -ELOOP);
}

ATF_TC_WITHOUT_HEAD(members_and_octets_are_bounded);
ATF_TC_BODY(members_and_octets_are_bounded, tc)
{
	sd_bus_message *m = message_new();
	void *octets;
	json_t *value;

	ATF_REQUIRE(sd_bus_message_open_container(m, 'a', "i") >= 0);
	for (int i = 0; i <= VARIANT_MAX_MEMBERS; i++)
		ATF_REQUIRE(sd_bus_message_append(m, "i", i) >= 0);
	ATF_REQUIRE(sd_bus_message_close_container(m) >= 0);
	check_refused(m, -EMSGSIZE);

	m = message_new();
	ATF_REQUIRE(sd_bus_message_append_array_space(m, 'y', VARIANT_MAX_BYTES + 1, &octets) >= 0);
	memset(octets, 0, VARIANT_MAX_BYTES + 1);
	check_refused(m, -EMSGSIZE);

	m = message_new();
	ATF_REQUIRE(sd_bus_message_append_array_space(m, 'y', VARIANT_MAX_BYTES, &octets) >= 0);
	memset(octets, 0, VARIANT_MAX_BYTES);
	finish(m);
	ATF_REQUIRE_EQ(variant_read(m, &value), 0);
	ATF_CHECK_EQ(json_string_length(value), 2 * VARIANT_MAX_BYTES);
	json_decref(value);
	sd_bus_message_unref(m);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_object_goes_over_the_bus_and_comes_back_the_same);
	ATF_TP_ADD_TC(tp, each_json_type_has_the_dbus_type_that_is_documented);
	ATF_TP_ADD_TC(tp, what_does_not_apply_is_left_out_and_no_object_is_an_empty_one);
	ATF_TP_ADD_TC(tp, every_type_of_the_bus_but_a_descriptor_is_taken);
	ATF_TP_ADD_TC(tp, what_json_cannot_hold_is_refused);
	ATF_TP_ADD_TC(tp, a_dictionary_is_of_names_and_variants_alone);
	ATF_TP_ADD_TC(tp, depth_is_bounded_both_ways);
	ATF_TP_ADD_TC(tp, members_and_octets_are_bounded);
	return atf_no_error();
}
