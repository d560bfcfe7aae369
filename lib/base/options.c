/* SPDX-License-Identifier: Apache-2.0 */
/* Go-style flags from a table. */
#include "base/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/status.h"

static bool is_boolean(const struct option *option)
{
	return option->kind == OPTION_BOOL || option->kind == OPTION_IGNORED_BOOL;
}

static const struct option *find(const struct option *table, size_t count, const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	}
	return NULL;
}

const struct option *options_find(const struct option *table, size_t count, const char *name)
{
	return find(table, count, name, strlen(name));
}

static int bad_value(const struct option *option, const char *value, const char *expected, struct status *st)
{
	return status_set(st, STATUS_INVALID_ARGUMENT, "--%s: \"%s\" is not %s", option->name, value, expected);
}

static int store_list(const struct option *option, const char *value, struct status *st)
{
	struct option_list *list = option->target;

	if (list->count == OPTION_LIST_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--%s: given more than %d times", option->name,
				  OPTION_LIST_MAX);
	list->items[list->count++] = value;
	return 0;
}

static int add_argument(struct option_list *arguments, const char *argument, struct status *st)
{
	if (!arguments)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is not an option", argument);
	if (arguments->count == OPTION_LIST_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "more than %d arguments", OPTION_LIST_MAX);
	arguments->items[arguments->count++] = argument;
	return 0;
}

static int store_number(const struct option *option, const char *value, struct status *st)
{
	char expected[80];

	if (parse_i64(value, option->min, option->max, option->target) == 0)
		return 0;
	(void)snprintf(expected, sizeof(expected), "a number from %lld to %lld", (long long)option->min,
		       (long long)option->max);
	return bad_value(option, value, expected, st);
}

static int store_duration(const struct option *option, const char *value, struct status *st)
{
	int64_t ms;

	if (parse_duration_ms(value, &ms) < 0)
		return bad_value(option, value, "a duration such as 90s, 1m30s or 168h", st);
	if (ms < option->min || ms > option->max)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--%s: %s is not within %lldms and %lldms", option->name,
				  value, (long long)option->min, (long long)option->max);
	*(int64_t *)option->target = ms;
	return 0;
}

static int store(const struct option *option, const char *value, struct status *st)
{
	bool ignored;

	switch (option->kind) {
	case OPTION_TEXT:
		*(const char **)option->target = value;
		return 0;
	case OPTION_LIST:
		return store_list(option, value, st);
	case OPTION_BOOL:
		if (parse_bool(value, option->target) < 0)
			return bad_value(option, value, "true or false", st);
		return 0;
	case OPTION_NUMBER:
		return store_number(option, value, st);
	case OPTION_MODE:
		if (parse_u32(value, 0, 07777, option->target) < 0)
			return bad_value(option, value, "a file mode such as 0755", st);
		return 0;
	case OPTION_DURATION:
		return store_duration(option, value, st);
	case OPTION_IGNORED_BOOL:
		if (parse_bool(value, &ignored) < 0)
			return bad_value(option, value, "true or false", st);
		return 0;
	case OPTION_IGNORED:
		return 0;
	}
	return status_set(st, STATUS_INTERNAL, "--%s: unknown kind of option", option->name);
}

/* The text after the dashes, NULL where the argument is no option. */
static const char *name_of(const char *argument)
{
	if (argument[0] != '-' || argument[1] == '\0' || strcmp(argument, "--") == 0)
		return NULL;
	return argument + 1 + (argument[1] == '-');
}

/* The option in argv[*i]; its value may be the argument after it. */
static int take_option(const struct option *table, size_t count, const char *name, int argc, char *const argv[], int *i,
		       struct status *st)
{
	size_t length = strcspn(name, "=");
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	const struct option *option = find(table, count, name, length);

	if (!option)
		return status_set(st, STATUS_INVALID_ARGUMENT, "unknown option \"%s\"", argv[*i]);
	if (!value && is_boolean(option))
		value = "true";
	if (!value && *i + 1 < argc)
		value = argv[++*i];
	if (!value)
		return status_set(st, STATUS_INVALID_ARGUMENT, "--%s needs a value", option->name);
	return store(option, value, st);
}

/* arguments NULL: there may be none. */
static int parse(const struct option *table, size_t count, int argc, char *const argv[], struct option_list *arguments,
		 enum options_outcome *ret, struct status *st)
{
	bool is_past_options = false;

	for (int i = 1; i < argc; i++) {
		const char *name = is_past_options ? NULL : name_of(argv[i]);

		if (arguments && !is_past_options && strcmp(argv[i], "--") == 0) {
			is_past_options = true;
		} else if (!name) {
			if (add_argument(arguments, argv[i], st) < 0)
				return -1;
		} else if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0 || strcmp(name, "version") == 0) {
			*ret = name[0] == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		} else if (take_option(table, count, name, argc, argv, &i, st) < 0) {
			return -1;
		}
	}
	*ret = OPTIONS_RUN;
	return 0;
}

int options_parse(const struct option *table, size_t count, int argc, char *const argv[], enum options_outcome *ret,
		  struct status *st)
{
	return parse(table, count, argc, argv, NULL, ret, st);
}

int options_parse_arguments(const struct option *table, size_t count, int argc, char *const argv[],
			    struct option_list *ret_arguments, enum options_outcome *ret, struct status *st)
{
	struct option_list arguments = {.count = 0};

	if (parse(table, count, argc, argv, &arguments, ret, st) < 0)
		return -1;
	*ret_arguments = arguments;
	return 0;
}

static void print_option(const char *name, const char *value_name, const char *help, const char *default_text)
{
	printf("  --%s%s%s\n        %s", name, value_name ? " " : "", value_name ? value_name : "", help);
	if (default_text)
		printf(" (default %s)", default_text);
	printf("\n");
}

void options_print_help(const struct option *table, size_t count, const char *program, const char *summary)
{
	printf("Usage: %s [OPTION]...\n%s\n\nOptions:\n", program, summary);
	for (size_t i = 0; i < count; i++)
		print_option(table[i].name, table[i].value_name, table[i].help, table[i].default_text);
	print_option("help", NULL, "Print this text and exit.", NULL);
	print_option("version", NULL, "Print the version and exit.", NULL);
}
