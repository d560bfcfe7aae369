/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of inspect start from: an export in memory, a run of a command, and what it printed.  One test program, one
 * copy. */
#ifndef CSICORE_TEST_CONTROLLER_INSPECT_WORLD_H
#define CSICORE_TEST_CONTROLLER_INSPECT_WORLD_H

#include <stdio.h>

#include "controller/inspect.h"
#include "world.h"

#define ARGUMENTS_MAX 16

static struct world world;
static char *out, *err; /* of the last run */

static inline void forget_output(void)
{
	free(out);
	free(err);
	out = err = NULL;
}

static inline int set_up(void **state)
{
	return world_init(&world);
}

static inline int tear_down(void **state)
{
	forget_output();
	return world_release(&world);
}

/* The exit status of `csi-controller inspect` with those words. */
static inline int inspect(const char *const *words)
{
	const char *argv[ARGUMENTS_MAX + 2] = {"inspect"};
	size_t out_size, err_size;
	int argc = 1;
	while (words[argc - 1] && argc <= ARGUMENTS_MAX) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	forget_output();
	struct inspect_surroundings surroundings = {
		.out = open_memstream(&out, &out_size),
		.err = open_memstream(&err, &err_size),
		.open = world_open,
		.open_context = &world,
	};
	int status = inspect_main(&surroundings, argc, (char *const *)argv);
	(void)fclose(surroundings.out);
	(void)fclose(surroundings.err);
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	return status;
}

#define INSPECT(...) inspect((const char *const[]){__VA_ARGS__, NULL})
/* The command on the world's share. */
#define INSPECT_SHARE(...) INSPECT(__VA_ARGS__, "--share=srv:/share")

/* It failed with that status and that one line, and printed no half an answer. */
#define assert_refused(status, expected, message) \
	do { \
		assert_int_equal(status, expected); \
		assert_string_equal(err, message "\n"); \
		assert_string_equal(out, ""); \
	} while (0)

static inline void assert_says(const char *text)
{
	if (!strstr(out, text))
		fail_msg("\"%s\" is not in:\n%s", text, out);
}

static inline void assert_says_not(const char *text)
{
	if (strstr(out, text))
		fail_msg("\"%s\" is in:\n%s", text, out);
}

/* Runs an operation on the export, as a controller would. */
static inline void on_export(export_operation *operation, void *context)
{
	const struct export_key key = {.server = "srv", .share = "/share"};
	struct export_hold hold = {world.controller.exports, NULL};
	hold.export = exports_get(hold.exports, &key, &world.st);
	assert_non_null(hold.export);
	if (export_run(hold.export, operation, context, &world.cancel, &world.st) < 0)
		fail_msg("%s", world.st.message);
	export_hold_release(&hold);
}

static inline const char *make_volume(const char *name, const char *sub_dir, const char *on_delete)
{
	Csi__V1__CreateVolumeRequest *request = create_request(&world, name);
	if (sub_dir)
		add_parameter(&world, request, "subDir", sub_dir);
	if (on_delete)
		add_parameter(&world, request, "onDelete", on_delete);
	set_capacity(&world, request, 10 * GIB, 0);
	const Csi__V1__Volume *volume = create(&world, request);
	assert_non_null(volume);
	return volume->volume_id;
}

#endif
