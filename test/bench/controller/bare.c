/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of struct fs in the order in which the controller uses them, with the same handles kept open. */
#include "bench/controller/bare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "storage/tree.h"

#define FOLDER "bench-bare"
#define NAME_BYTES 128
#define RECORD_BYTES 200 /* of a volume with a few parameters */

struct bare {
	struct fs *fs;
	struct cancel cancel;
	struct fs_dir *root, *volumes, *records, *trash; /* NULL where not open */
};

static const struct fs_owner keep = {FS_KEEP, FS_KEEP, FS_KEEP};

static int open_folder(struct bare *bare, const char *name, struct fs_dir **ret, struct status *st)
{
	const char *names[] = {FOLDER, name};
	const struct path path = {names, 2};
	return tree_make_path(bare->fs, bare->root, &path, &keep, &bare->cancel, ret, st);
}

struct bare *bare_open(const struct fs_libnfs_config *config, struct status *st)
{
	struct bare *bare = memory_calloc(1, sizeof(*bare));
	bare->fs = fs_libnfs_new(config);
	cancel_init(&bare->cancel, -1);
	if (fs_open_root(bare->fs, &bare->cancel, &bare->root, st) == 0 &&
	    open_folder(bare, "volumes", &bare->volumes, st) == 0 &&
	    open_folder(bare, "records", &bare->records, st) == 0 && open_folder(bare, "trash", &bare->trash, st) == 0)
		return bare;
	bare_close(bare);
	return NULL;
}

void bare_close(struct bare *bare)
{
	if (!bare)
		return;
	struct status ignored; /* what stays is in a folder that says whose it is */
	fs_close(bare->fs, bare->trash);
	fs_close(bare->fs, bare->records);
	fs_close(bare->fs, bare->volumes);
	if (bare->root)
		(void)tree_remove(bare->fs, bare->root, FOLDER, NULL, &bare->cancel, &ignored);
	fs_close(bare->fs, bare->root);
	fs_free(bare->fs);
	cancel_release(&bare->cancel);
	free(bare);
}

int bare_create(struct bare *bare, const char *name, struct status *st)
{
	static const struct fs_owner owner = {0770, FS_KEEP, FS_KEEP};
	static const char record[RECORD_BYTES];
	if (fs_create_file(bare->fs, bare->records, name, 0600, record, sizeof(record), &bare->cancel, st) < 0)
		return -1;
	return fs_make_dir(bare->fs, bare->volumes, name, &owner, &bare->cancel, st);
}

static void record_in_trash(char name[NAME_BYTES], const char *volume)
{
	(void)snprintf(name, NAME_BYTES, "%s.record", volume);
}

/* That nothing of that name is there is the answer which is looked for. */
static int expect_missing(int result, struct status *st)
{
	if (result == 0)
		return status_set(st, STATUS_INTERNAL, "something is where nothing should be");
	return st->errnum == ENOENT ? 0 : -1;
}

/* What the driver has to know first: the record, whether other volumes lie in the directory, and whether it is a share. */
static int look(struct bare *bare, const char *name, struct status *st)
{
	AUTO(strbuf_release) struct strbuf record;
	struct fs_dir *dir, *folder;
	struct fs_attr attr;
	char mark[NAME_BYTES];
	strbuf_init(&record, RECORD_BYTES);
	(void)snprintf(mark, sizeof(mark), "~shared~%s", name);
	if (fs_read_file(bare->fs, bare->records, name, &record, &bare->cancel, st) < 0 ||
	    expect_missing(fs_lookup(bare->fs, bare->records, mark, &bare->cancel, &attr, st), st) < 0 ||
	    fs_open_dir(bare->fs, bare->volumes, name, &bare->cancel, &dir, st) < 0)
		return -1;
	int result = expect_missing(fs_open_dir(bare->fs, dir, ".csicore", &bare->cancel, &folder, st), st);
	fs_close(bare->fs, dir);
	return result;
}

int bare_delete(struct bare *bare, const char *name, struct status *st)
{
	char record[NAME_BYTES];
	record_in_trash(record, name);
	if (look(bare, name, st) < 0 ||
	    fs_rename(bare->fs, bare->volumes, name, bare->trash, name, &bare->cancel, st) < 0)
		return -1;
	return fs_rename(bare->fs, bare->records, name, bare->trash, record, &bare->cancel, st);
}

void bare_clean(struct bare *bare, const char *name)
{
	char record[NAME_BYTES];
	struct status ignored; /* bare_close removes what stays */
	record_in_trash(record, name);
	(void)fs_remove_dir(bare->fs, bare->trash, name, &bare->cancel, &ignored);
	(void)fs_remove_file(bare->fs, bare->trash, record, &bare->cancel, &ignored);
}

uint64_t bare_round_trips(struct bare *bare)
{
	return fs_libnfs_round_trips(bare->fs);
}
