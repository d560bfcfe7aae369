/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/nodes_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/status.h"
#include "support/cmocka.h"

static char directory[] = "/tmp/nodes_file.XXXXXX";
static char path[64], other_path[64];
static struct status st;

static int set_up(void **state)
{
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT);
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/nodes", directory);
	(void)snprintf(other_path, sizeof(other_path), "%s/other", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)unlink(path);
	(void)rmdir(path);
	(void)unlink(other_path);
	return rmdir(directory);
}

static void write_file(const char *at, const char *text)
{
	FILE *file = fopen(at, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void nodes_are_the_lines_of_the_file(void **state)
{
	write_file(path, "# nodes\n\nnode-1\nnode-2 \t\r\nlast");
	struct nodes_file *nodes = nodes_file_open(path, &st);
	assert_non_null(nodes);
	assert_true(nodes_file_has(nodes, "node-1"));
	assert_true(nodes_file_has(nodes, "node-2"));
	assert_true(nodes_file_has(nodes, "last"));
	assert_false(nodes_file_has(nodes, "node"));
	assert_false(nodes_file_has(nodes, "node-11"));
	assert_false(nodes_file_has(nodes, "# nodes"));
	assert_false(nodes_file_has(nodes, ""));
	nodes_file_close(nodes);
}

static void file_that_has_changed_is_read_again(void **state)
{
	write_file(path, "node-1\n");
	struct nodes_file *nodes = nodes_file_open(path, &st);
	write_file(path, "node-1\nnode-2\n");
	assert_true(nodes_file_has(nodes, "node-2"));
	write_file(other_path, "node-3\nnode-4\n");
	assert_int_equal(rename(other_path, path), 0);
	assert_true(nodes_file_has(nodes, "node-3"));
	assert_false(nodes_file_has(nodes, "node-1"));
	nodes_file_close(nodes);
}

static void nodes_stay_known_while_the_file_is_gone(void **state)
{
	write_file(path, "node-1\n");
	struct nodes_file *nodes = nodes_file_open(path, &st);
	assert_int_equal(unlink(path), 0);
	assert_true(nodes_file_has(nodes, "node-1"));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(nodes_file_has(nodes, "node-1"));
	assert_int_equal(rmdir(path), 0);
	write_file(path, "node-2\n");
	assert_false(nodes_file_has(nodes, "node-1"));
	assert_true(nodes_file_has(nodes, "node-2"));
	nodes_file_close(nodes);
}

static void file_that_cannot_be_read_is_refused_at_the_start(void **state)
{
	assert_null(nodes_file_open(path, &st));
	assert_non_null(strstr(st.message, path));
	assert_null(nodes_file_open(directory, &st));
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	write_file(path, "");
	assert_int_equal(truncate(path, NODES_FILE_BYTES_MAX + 1), 0);
	assert_null(nodes_file_open(path, &st));
	nodes_file_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nodes_are_the_lines_of_the_file),
		TEST(file_that_has_changed_is_read_again),
		TEST(nodes_stay_known_while_the_file_is_gone),
		TEST(file_that_cannot_be_read_is_refused_at_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
