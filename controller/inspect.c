/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of inspect: their table, their options, and how one is run. */
#include "inspect.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi/identity.h"
#include "inspect_command.h"
#include "inspect_text.h"

#define PROGRAM "csi-controller inspect"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_WRONG_USE = 2 };

static const char *const share_options[] = {"local-export", "access",  "connect-timeout", "reply-timeout",
					    "call-timeout", "nfs-uid", "nfs-gid",         NULL};
static const char *const volumes_options[] = {"usage", NULL};
static const char *const undelete_options[] = {"subdir", NULL};
static const char *const encode_options[] = {"subdir", "name", "ondelete", NULL};
static const char *const adopt_options[] = {"name",     "capacity", "namespace",  "claim", "storage-class",
					    "ondelete", "record",   "drivername", NULL};
static const char *const no_options[] = {NULL};

static const struct inspect_command commands[] = {
	{"volumes", NULL, "Lists the volumes of a share that have a record.", volumes_options, INSPECT_SHARE_OPENED,
	 false, inspect_volumes},
	{"orphans", NULL,
	 "Lists what belongs to no volume: directories without a record, records without a directory, left-over files.",
	 no_options, INSPECT_SHARE_OPENED, false, inspect_orphans},
	{"trash", NULL, "Lists the deleted volumes that are still in the trash of a share.", no_options,
	 INSPECT_SHARE_OPENED, false, inspect_trash},
	{"jobs", NULL, "Lists the work on a share that has outlived its call: what it is about, and how far it is.",
	 no_options, INSPECT_SHARE_OPENED, false, inspect_jobs},
	{"undelete", "ENTRY", "Takes a deleted volume out of the trash again, with its record.", undelete_options,
	 INSPECT_SHARE_OPENED, true, inspect_undelete},
	{"adopt", "DIRECTORY", "Prints a PersistentVolume for a directory that is on the share already.", adopt_options,
	 INSPECT_SHARE_OPENED, false, inspect_adopt},
	{"id decode", "ID", "Says what a volume id means, in whichever form it was made.", no_options, INSPECT_NO_SHARE,
	 true, inspect_id_decode},
	{"id encode", NULL, "Prints the id that a volume of these properties has.", encode_options, INSPECT_SHARE_NAMED,
	 true, inspect_id_encode},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* ---- options */

#define OWN_ROWS 11

static void fill_own_rows(struct inspect *i, struct option rows[OWN_ROWS])
{
	const struct option own[OWN_ROWS] = {
		{"share", OPTION_TEXT, &i->share_text, "SERVER:/PATH[,OPTIONS]", NULL,
		 "The share, with the mount options that say how to reach it."},
		{"o", OPTION_TEXT, &i->format_text, "table|json", "table", "Form of the answer."},
		{"usage", OPTION_BOOL, &i->with_usage, NULL, "false",
		 "Count the files and bytes of each volume, which walks all its directories."},
		{"subdir", OPTION_TEXT, &i->sub_dir, "PATH", "the name", "Directory of the volume below the share."},
		{"name", OPTION_TEXT, &i->name, "NAME", NULL, "Name of the volume, which is its PersistentVolume's."},
		{"ondelete", OPTION_TEXT, &i->on_delete, "POLICY", NULL,
		 "What deleting the volume does to its directory: delete, retain or archive."},
		{"capacity", OPTION_TEXT, &i->capacity, "SIZE", NULL, "Size of the volume, such as 10Gi."},
		{"namespace", OPTION_TEXT, &i->claim_namespace, "NAMESPACE", NULL,
		 "Namespace of the claim that the volume is kept for."},
		{"claim", OPTION_TEXT, &i->claim, "NAME", NULL,
		 "The PersistentVolumeClaim that the volume is kept for."},
		{"storage-class", OPTION_TEXT, &i->storage_class, "NAME", NULL,
		 "StorageClass that the claim names; none by default."},
		{"record", OPTION_BOOL, &i->with_record, NULL, "false",
		 "Write a record too, so that the volume is listed and its size known."},
	};
	memcpy(rows, own, sizeof(own));
}

struct command_rows {
	struct option rows[DRIVER_OPTIONS_ROWS_MAX];
	size_t count;
};

static void add_rows(struct command_rows *to, const char *const *names, const struct option *own,
		     const struct option *shared, size_t shared_count)
{
	for (; *names; names++) {
		const struct option *row = options_find(own, OWN_ROWS, *names);
		to->rows[to->count++] = row ? *row : *options_find(shared, shared_count, *names);
	}
}

/* The rows that command takes, out of inspect's own and the server's. */
static void fill_rows(struct inspect *inspect, const struct inspect_command *command, struct command_rows *ret)
{
	static const char *const share_name[] = {"share", NULL};
	static const char *const format_name[] = {"o", NULL};
	struct option own[OWN_ROWS];
	struct option shared[DRIVER_OPTIONS_ROWS_MAX];
	fill_own_rows(inspect, own);
	size_t shared_count = controller_options_rows(&inspect->options, shared);
	ret->count = 0;
	if (command->share != INSPECT_NO_SHARE)
		add_rows(ret, share_name, own, shared, shared_count);
	add_rows(ret, command->names, own, shared, shared_count);
	add_rows(ret, format_name, own, shared, shared_count);
	if (command->share == INSPECT_SHARE_OPENED)
		add_rows(ret, share_options, own, shared, shared_count);
}

static int check_options(struct inspect *inspect, const struct inspect_command *command, struct status *st)
{
	struct driver_options *driver = &inspect->options.driver;
	size_t wanted = command->argument ? 1 : 0;
	if (inspect->arguments.count > wanted)
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is one argument too many",
				  inspect->arguments.items[wanted]);
	if (inspect->arguments.count < wanted)
		return status_set(st, STATUS_INVALID_ARGUMENT, "%s is missing", command->argument);
	if (strcmp(inspect->format_text, "json") == 0)
		inspect->format = INSPECT_JSON;
	else if (strcmp(inspect->format_text, "table") != 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "-o: \"%s\" is not table or json", inspect->format_text);
	if (csi_driver_name_check(driver->driver_name, st) < 0 || controller_options_check(&inspect->options, st) < 0 ||
	    local_exports_parse(&driver->arena, &driver->local_export_texts, &driver->local_exports, st) < 0)
		return -1;
	if (!inspect->share_text)
		return command->share == INSPECT_NO_SHARE
			       ? 0
			       : status_set(st, STATUS_INVALID_ARGUMENT, "--share is missing");
	return share_text_parse(&inspect->arena, inspect->share_text, &inspect->share, st);
}

/* ---- one run */

struct run {
	struct inspect *inspect;
	const struct inspect_command *command;
};

static int run_on_export(struct export_use *use, void *context, struct cancel *cancel, struct status *st)
{
	struct run *run = context;
	run->inspect->cancel = cancel;
	return run->command->run(run->inspect, use, st);
}

static int run_on_share(struct run *run, struct exports *exports, struct status *st)
{
	struct inspect *inspect = run->inspect;
	const struct export_key key = controller_options_key(&inspect->options, &inspect->arena, &inspect->share);
	AUTO(export_hold_release) struct export_hold hold = {exports, NULL};
	AUTO(cancel_release) struct cancel cancel;
	cancel_init(&cancel, inspect->options.call_timeout_ms);
	hold.export = exports_get(exports, &key, st);
	return hold.export ? export_run(hold.export, run_on_export, run, &cancel, st) : -1;
}

static int run_command(const struct inspect_surroundings *surroundings, struct run *run, struct status *st)
{
	struct controller_config config;
	struct export_backend backend;
	if (run->command->share != INSPECT_SHARE_OPENED)
		return run->command->run(run->inspect, NULL, st);
	controller_options_apply(&run->inspect->options, &backend, &config);
	if (surroundings->open) {
		config.exports.open = surroundings->open;
		config.exports.context = surroundings->open_context;
	}
	struct exports *exports = exports_new(&config.exports);
	int result = run_on_share(run, exports, st);
	exports_free(exports);
	export_backend_release(&backend);
	return result;
}

static int print_answer(struct run *run, struct status *st)
{
	struct inspect *inspect = run->inspect;
	if (inspect->text)
		(void)fputs(inspect->text, inspect->out); /* asked below */
	else if (run->command->is_single)
		inspect_output_print_single(&inspect->output, inspect->format, inspect->out);
	else
		inspect_output_print(&inspect->output, inspect->format, inspect->out);
	if (fflush(inspect->out) != 0 || ferror(inspect->out))
		return status_set_errno(st, errno ? errno : EIO, "write the answer");
	return 0;
}

static void inspect_init(struct inspect *inspect, const struct inspect_surroundings *surroundings)
{
	*inspect = (struct inspect){.out = surroundings->out, .err = surroundings->err, .format_text = "table"};
	controller_options_init(&inspect->options);
	arena_init(&inspect->arena, SIZE_MAX); /* all that a share holds is looked at */
	inspect_output_init(&inspect->output);
}

static void inspect_release(struct inspect *inspect)
{
	inspect_output_release(&inspect->output);
	arena_release(&inspect->arena);
	controller_options_release(&inspect->options);
}

static void print_command_help(const struct inspect_command *command, const struct command_rows *rows)
{
	char program[80];
	(void)snprintf(program, sizeof(program), PROGRAM " %s%s%s", command->name, command->argument ? " " : "",
		       command->argument ? command->argument : ""); /* all names are short */
	options_print_help(rows->rows, rows->count, program, command->summary);
}

/* A mistake on the command line and not one of the world's. */
static bool is_wrong_use(const struct status *st)
{
	return st->code == STATUS_INVALID_ARGUMENT && st->errnum == 0;
}

static int run_one(const struct inspect_surroundings *surroundings, const struct inspect_command *command, int argc,
		   char *const argv[])
{
	AUTO(inspect_release) struct inspect inspect;
	struct run run = {&inspect, command};
	struct command_rows rows;
	enum options_outcome outcome = OPTIONS_RUN;
	struct status st;
	inspect_init(&inspect, surroundings);
	fill_rows(&inspect, command, &rows);
	int result = options_parse_arguments(rows.rows, rows.count, argc, argv, &inspect.arguments, &outcome, &st);
	if (result == 0 && outcome == OPTIONS_HELP) {
		print_command_help(command, &rows);
		return EXIT_DONE;
	}
	if (result == 0 && outcome == OPTIONS_VERSION) {
		(void)fprintf(surroundings->out, "csi-controller %s\n", CSICORE_VERSION);
		return EXIT_DONE;
	}
	if (result == 0)
		result = check_options(&inspect, command, &st);
	if (result == 0)
		result = run_command(surroundings, &run, &st);
	if (result == 0)
		result = print_answer(&run, &st);
	if (result == 0)
		return EXIT_DONE;
	(void)fprintf(surroundings->err, PROGRAM " %s: %s\n", command->name,
		      inspect_text_shown(&inspect.arena, st.message));
	return is_wrong_use(&st) ? EXIT_WRONG_USE : EXIT_FAILED;
}

/* ---- the command line */

static void print_help(FILE *file)
{
	(void)fprintf(file, "Usage: " PROGRAM " COMMAND [OPTION]...\n"
			    "Looks at a share as the controller does; needs no cluster and no running controller.\n\n"
			    "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(file, "  %s%s%s\n        %s\n", commands[i].name, commands[i].argument ? " " : "",
			      commands[i].argument ? commands[i].argument : "", commands[i].summary);
	(void)fprintf(file, "\n" PROGRAM " COMMAND --help tells a command's options.\n");
}

/* How many of the words are the name of command; 0 where they are another's. */
static int match(const struct inspect_command *command, int argc, char *const argv[])
{
	const char *space = strchr(command->name, ' ');
	if (!space)
		return argc >= 1 && strcmp(argv[0], command->name) == 0 ? 1 : 0;
	size_t length = (size_t)(space - command->name);
	bool is_first = argc >= 2 && strlen(argv[0]) == length && strncmp(argv[0], command->name, length) == 0;
	return is_first && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

int inspect_main(const struct inspect_surroundings *surroundings, int argc, char *const argv[])
{
	(void)signal(SIGPIPE, SIG_IGN); /* libnfs writes to servers that are gone; what became of it is an errno */
	log_configure(LOG_ERROR, LOG_FORMAT_TEXT); /* a failure is told once, by the command */
	for (size_t i = 0; i < COMMANDS; i++) {
		int words = match(&commands[i], argc - 1, argv + 1);
		if (words > 0)
			return run_one(surroundings, &commands[i], argc - words, argv + words);
	}
	const char *first = argc > 1 ? argv[1] : "";
	if (strcmp(first, "--help") == 0 || strcmp(first, "-help") == 0 || strcmp(first, "-h") == 0) {
		print_help(surroundings->out);
		return EXIT_DONE;
	}
	if (argc < 2)
		print_help(surroundings->err);
	else
		(void)fprintf(surroundings->err, PROGRAM ": \"%s%s%s\" is no command; --help lists them\n", first,
			      argc > 2 && argv[2][0] != '-' ? " " : "", argc > 2 && argv[2][0] != '-' ? argv[2] : "");
	return EXIT_WRONG_USE;
}
