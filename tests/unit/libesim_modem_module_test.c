/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libesim: a module that is missing, damaged or of another build is refused with a sentence that says which file and what
 * to do, and never used. The modules are copies of a real one, with bytes changed.
 */
#include <esim/transport_module.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct esim_error err;

/* $COREESIM_MODULES/at.so, which needs the fewest libraries; to be freed. */
static uint8_t *read_module(size_t *ret_len)
{
	const char *directory = getenv("COREESIM_MODULES");
	char path[400];
	uint8_t *bytes;
	struct stat st;
	FILE *file;

	if (!directory)
		atf_tc_skip("COREESIM_MODULES names no modules");
	snprintf(path, sizeof(path), "%s/at.so", directory);
	file = fopen(path, "rb");
	if (!file)
		atf_tc_skip("%s is not there", path);
	ATF_REQUIRE_EQ(0, fstat(fileno(file), &st));
	bytes = malloc((size_t)st.st_size);
	ATF_REQUIRE(bytes);
	ATF_REQUIRE_EQ((size_t)st.st_size, fread(bytes, 1, (size_t)st.st_size, file));
	fclose(file);
	*ret_len = (size_t)st.st_size;
	return bytes;
}

/* The object that a module exports, in its file. */
static struct esim_transport_module *object_in(uint8_t *bytes, size_t len)
{
	const struct { uint32_t magic, size; } head = {
		ESIM_TRANSPORT_MODULE_MAGIC, sizeof(struct esim_transport_module),
	};
	void *found = memmem(bytes, len, &head, sizeof(head));

	ATF_REQUIRE(found);
	return found;
}

/* DIRECTORY/NAME, which COREESIM_MODULES names from now on. Each has a directory of its own: what is loaded stays. */
static void install(const char *directory, const char *name, const void *bytes, size_t len)
{
	char path[64];
	FILE *file;

	ATF_REQUIRE_EQ(0, mkdir(directory, 0700));
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	ATF_REQUIRE(file);
	ATF_REQUIRE_EQ(len, fwrite(bytes, 1, len, file));
	fclose(file);
	ATF_REQUIRE_EQ(0, setenv("COREESIM_MODULES", directory, 1));
}

static void check_refused(const char *scheme, const char *message)
{
	const struct esim_transport_module *module = NULL;

	esim_error_clear(&err);
	ATF_CHECK_EQ(ESIM_ENOTSUP, esim_transport_module_load(scheme, &module, &err));
	ATF_CHECK(module == NULL);
	ATF_CHECK_MSG(strstr(err.message, message), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(a_module_that_is_not_installed_names_file_and_package);
ATF_TC_BODY(a_module_that_is_not_installed_names_file_and_package, tc)
{
	static const char *const uris[] = { "mbim:/dev/cdc-wdm0", "qmi:/dev/cdc-wdm0", "at:/dev/ttyUSB2" };
	static const char *const files[] = { "nowhere/mbim.so", "nowhere/qmi.so", "nowhere/at.so" };
	struct esim_transport *transport = NULL;

	/* Here, not in the broker. */
	ATF_REQUIRE_EQ(0, setenv("COREESIM_MODEM_BROKER", "", 1));
	ATF_REQUIRE_EQ(0, setenv("COREESIM_MODULES", "nowhere", 1));
	for (size_t i = 0; i < 3; i++) {
		ATF_CHECK_EQ(ESIM_ENOTSUP, esim_transport_open(uris[i], &transport, &err));
		ATF_CHECK_MSG(strstr(err.message, files[i]), "%s", err.message);
		ATF_CHECK_MSG(strstr(err.advice, "coreesim-modem"), "%s", err.advice);
	}
	ATF_CHECK(transport == NULL);
}

ATF_TC_WITHOUT_HEAD(a_scheme_is_no_path);
ATF_TC_BODY(a_scheme_is_no_path, tc)
{
	const struct esim_transport_module *module = NULL;
	char longest[5000];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ATF_CHECK_EQ(ESIM_EINVAL, esim_transport_module_load("../at", &module, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_transport_module_load(longest, &module, &err));
	ATF_CHECK(module == NULL);
}

ATF_TC_WITHOUT_HEAD(a_damaged_module_is_refused_in_the_loaders_words);
ATF_TC_BODY(a_damaged_module_is_refused_in_the_loaders_words, tc)
{
	uint8_t *bytes, *name;
	size_t len;

	bytes = read_module(&len);
	install("text", "at.so", "no program at all, and long enough to be one", 44);
	check_refused("at", "text/at.so: ");
	install("short", "at.so", bytes, 100);
	check_refused("at", "short/at.so: ");
	name = memmem(bytes, len, "esim_transport_module", 22);
	ATF_REQUIRE(name);
	*name = 'E';
	install("nameless", "at.so", bytes, len);
	check_refused("at", "nameless/at.so is no transport of this library");
	free(bytes);
}

ATF_TC_WITHOUT_HEAD(a_module_of_another_build_is_refused);
ATF_TC_BODY(a_module_of_another_build_is_refused, tc)
{
	struct esim_transport_module *object, kept;
	uint8_t *bytes;
	size_t len;

	bytes = read_module(&len);
	object = object_in(bytes, len);
	kept = *object;
	object->magic++;
	install("magic", "at.so", bytes, len);
	check_refused("at", "magic/at.so is no transport of this library");
	*object = kept;
	object->size += 8;
	install("size", "at.so", bytes, len);
	check_refused("at", "size/at.so is no transport of this library");
	*object = kept;
	memcpy(object->version, "99.98.97\0\0\0\0\0\0\0", sizeof(object->version));
	install("version", "at.so", bytes, len);
	check_refused("at", "version/at.so is of version 99.98.97, this library of " COREESIM_VERSION);
	/* One that has no end is read to its end. */
	memset(object->version, 'v', sizeof(object->version));
	install("endless", "at.so", bytes, len);
	check_refused("at", "is of version vvvvvvvvvvvvvvvv, this");
	*object = kept;
	install("scheme", "mbim.so", bytes, len);
	check_refused("mbim", "scheme/mbim.so is no transport for mbim:");
	free(bytes);
}

ATF_TC_WITHOUT_HEAD(the_right_module_is_loaded_and_stays);
ATF_TC_BODY(the_right_module_is_loaded_and_stays, tc)
{
	const struct esim_transport_module *first = NULL, *second = NULL;
	size_t len;

	free(read_module(&len));
	ATF_REQUIRE_EQ_MSG(0, esim_transport_module_load("at", &first, &err), "%s", err.message);
	ATF_CHECK_STREQ("at", first->scheme);
	ATF_CHECK(first->open);
	ATF_REQUIRE_EQ(0, esim_transport_module_load("at", &second, &err));
	ATF_CHECK(first == second);
}

ATF_TC_WITHOUT_HEAD(a_slot_is_the_modules_to_read);
ATF_TC_BODY(a_slot_is_the_modules_to_read, tc)
{
	const char *const *schemes = esim_transport_schemes();
	struct esim_device device;
	unsigned modems = 0;

	ATF_REQUIRE_EQ(0, esim_device_parse("mbim:/dev/cdc-wdm0?slot=2&channel=basic", &device, &err));
	ATF_CHECK_STREQ("mbim:/dev/cdc-wdm0?slot=2", device.uri);
	ATF_CHECK(device.basic_channel);
	ATF_REQUIRE_EQ(0, esim_device_parse("qmi:qrtr://0?slot=1", &device, &err));
	ATF_CHECK_STREQ("qmi:qrtr://0?slot=1", device.uri);
	ATF_CHECK_EQ(ESIM_EINVAL, esim_device_parse("at:/dev/ttyUSB2?slot=1", &device, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_device_parse("mbim:/dev/cdc-wdm0?slots=1", &device, &err));
	for (; *schemes; schemes++)
		modems += !strcmp(*schemes, "mbim") || !strcmp(*schemes, "qmi") || !strcmp(*schemes, "at");
	ATF_CHECK_EQ(3, modems);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_module_that_is_not_installed_names_file_and_package);
	ATF_TP_ADD_TC(tp, a_scheme_is_no_path);
	ATF_TP_ADD_TC(tp, a_damaged_module_is_refused_in_the_loaders_words);
	ATF_TP_ADD_TC(tp, a_module_of_another_build_is_refused);
	ATF_TP_ADD_TC(tp, the_right_module_is_loaded_and_stays);
	ATF_TP_ADD_TC(tp, a_slot_is_the_modules_to_read);
	return atf_no_error();
}
