/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in <share>/.csicore/trash/.  The directory of a deleted volume is called
 *
 *   LABEL~SECONDS~RANDOM          pvc-1~1767225600~0c5a71f3
 *
 * after the file of the volume's record, the time of the deletion and eight hex digits, and its record, which lies beside
 * it, the same with "~record" at the end.  An entry that is being removed for good has a '~' before its name.  Whatever is
 * called otherwise (an earlier release used the label alone) waits for nothing and is removed.
 */
#ifndef CSICORE_CSI_TRASH_ENTRY_H
#define CSICORE_CSI_TRASH_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

enum trash_entry_kind {
	TRASH_ENTRY_VOLUME,    /* what was deleted, whole */
	TRASH_ENTRY_RECORD,    /* the record of one */
	TRASH_ENTRY_CONDEMNED, /* one that is being removed: no longer whole */
	TRASH_ENTRY_OTHER,
};

struct trash_entry {
	enum trash_entry_kind kind;
	const char *name;   /* of the volume's entry, whichever of the three this is; NULL for OTHER */
	const char *label;  /* trash_entry_label(); NULL for OTHER */
	int64_t deleted_at; /* seconds since the epoch; 0 for OTHER */
};

/* file, the name of a record's file (record_file_name), as it stands in an entry's name: a long one is cut and hashed. */
const char *trash_entry_label(struct arena *arena, const char *file);

/* The name of the entry; the record's file is called trash_entry_record_name() of it.  Both are names a server takes. */
const char *trash_entry_format(struct arena *arena, const char *file, int64_t deleted_at, uint32_t random);
const char *trash_entry_record_name(struct arena *arena, const char *entry);
const char *trash_entry_condemned_name(struct arena *arena, const char *entry);

/* What the name found in the trash says.  Strings of the answer are in arena. */
struct trash_entry trash_entry_parse(struct arena *arena, const char *name);

#endif
