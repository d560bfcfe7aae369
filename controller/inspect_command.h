/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of inspect share, and their table's row. */
#ifndef CSICORE_CONTROLLER_INSPECT_COMMAND_H
#define CSICORE_CONTROLLER_INSPECT_COMMAND_H

#include "csi/share_text.h"
#include "inspect_output.h"
#include "options.h"
#include "volume.h"

/* One run of one command. */
struct inspect {
	struct controller_options options;
	struct option_list arguments;
	struct share_text share; /* of commands that have one */
	enum inspect_format format;
	struct arena arena;
	struct cancel *cancel; /* of the operation that runs; NULL for commands without a share */
	struct inspect_output output;
	const char *text; /* the answer instead of output's rows, in arena; NULL for none */
	FILE *out, *err;

	/* Options of single commands, as they were given; NULL or false where not. */
	const char *share_text, *format_text;
	const char *sub_dir, *name, *on_delete, *capacity, *claim_namespace, *claim, *storage_class;
	bool with_usage, with_record;
};

/*
 * What a command does.  use is the share, NULL for commands without one; the whole runs once more where a handle turned out
 * stale, so nothing is printed here that is not in inspect->output or the command's own print.
 */
typedef int inspect_run(struct inspect *inspect, struct export_use *use, struct status *st);

enum inspect_share {
	INSPECT_NO_SHARE,
	INSPECT_SHARE_NAMED,  /* --share is required */
	INSPECT_SHARE_OPENED, /* and reached, for which there are options */
};

struct inspect_command {
	const char *name;         /* of one word or two */
	const char *argument;     /* "ID"; NULL for a command without */
	const char *summary;      /* one sentence */
	const char *const *names; /* of its own options, NULL at the end */
	enum inspect_share share;
	bool is_single; /* its answer is one object */
	inspect_run *run;
};

inspect_run inspect_volumes, inspect_orphans, inspect_trash, inspect_jobs, inspect_undelete, inspect_id_decode,
	inspect_id_encode, inspect_adopt;

#endif
