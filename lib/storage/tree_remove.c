/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of a tree, with a stack of its own.  A level reads its directory page by page, removes what is no directory and
 * puts the names of subdirectories on one stack of names that all levels share; then it descends into them one by one.
 * Whether a directory is empty at last is not looked up but tried: ENOTEMPTY after a pass that removed something means
 * another pass.
 *
 * Memory is bounded by the stack of names, descriptors by OPEN_MAX: levels above the deepest OPEN_MAX are closed and, on
 * the way back, opened again by their names.
 */
#include <errno.h>
#include <string.h>

#include "base/cancel.h"
#include "base/memory.h"
#include "base/status.h"
#include "storage/tree.h"

#define OPEN_MAX 64
/* Names that wait on the stack.  Past it, a level takes one subdirectory in a pass. */
#define PENDING_BYTES_MAX ((size_t)4 << 20)
#define NAMES_BYTES_MAX (PENDING_BYTES_MAX + (size_t)(TREE_DEPTH_MAX + 1) * (PATH_NAME_MAX + 1))

struct level {
	struct fs_dir *dir; /* NULL while closed to spare descriptors */
	size_t name_at;     /* its name on the stack of names */
	size_t pending_at; /* from here to the top of the stack: subdirectories to visit, while this is the deepest level */
	uint64_t cookie, verifier; /* where the next page begins */
	bool is_end;               /* this pass has read the whole directory */
	bool has_progressed;       /* this pass removed something, or found it gone */
	bool has_skipped;          /* this pass had no room for a subdirectory's name */
	bool has_failed;           /* something in it stays; the removal knows why */
};

struct removal {
	struct fs *fs;
	struct cancel *cancel;
	struct strbuf names;   /* each with its NUL */
	struct level *levels;  /* [0] is the caller's directory, of which only one entry is to go */
	size_t depth;          /* levels in use */
	size_t level_capacity; /* levels allocated */
	bool has_failed;
	struct status failure; /* the first of them */
};

static struct level *deepest(struct removal *r)
{
	return &r->levels[r->depth - 1];
}

static void record(struct removal *r, const struct status *why)
{
	deepest(r)->has_failed = true;
	if (!r->has_failed)
		r->failure = *why;
	r->has_failed = true;
}

/* Failures after which the rest would fail too. */
static bool is_final(const struct status *why)
{
	switch (why->code) {
	case STATUS_CANCELLED:
	case STATUS_DEADLINE_EXCEEDED:
		return true;
	case STATUS_UNAVAILABLE:
		return why->errnum != ESTALE;
	default:
		return why->errnum == EROFS;
	}
}

/* Whether the entry of dir that could not be touched is no more.  A stale directory is gone with all its entries, but of
 * the caller's own that says nothing. */
static bool is_gone(const struct removal *r, const struct fs_dir *dir, const struct status *why)
{
	return why->errnum == ENOENT || (why->errnum == ESTALE && dir != r->levels[0].dir);
}

static void push_level(struct removal *r, struct fs_dir *dir, size_t name_at)
{
	if (r->depth == r->level_capacity) {
		r->level_capacity = r->level_capacity ? 2 * r->level_capacity : 16;
		r->levels = memory_realloc(r->levels, r->level_capacity, sizeof(*r->levels));
	}
	r->levels[r->depth++] = (struct level){.dir = dir, .name_at = name_at, .pending_at = r->names.length};
	if (r->depth > OPEN_MAX + 1) {
		struct level *above = &r->levels[r->depth - 1 - OPEN_MAX];
		fs_close(r->fs, TAKE_POINTER(above->dir));
	}
}

/* Leaves levels[from] and all below it. */
static void leave_levels(struct removal *r, size_t from)
{
	r->names.length = r->levels[from].name_at;
	for (; r->depth > from; r->depth--)
		fs_close(r->fs, deepest(r)->dir);
}

static void push_name(struct removal *r, const char *name)
{
	struct level *level = deepest(r);
	size_t size = strlen(name) + 1;
	bool is_first = r->names.length == level->pending_at;
	if ((!is_first && r->names.length + size > PENDING_BYTES_MAX) || strbuf_append(&r->names, name, size) < 0)
		level->has_skipped = true;
}

/* Where the name on top of the stack begins. */
static size_t last_name_at(const struct removal *r, const struct level *level)
{
	size_t at = r->names.length - 1;
	while (at > level->pending_at && r->names.data[at - 1] != '\0')
		at--;
	return at;
}

/* Removes one entry that is no directory. */
static int remove_entry(struct removal *r, const char *name, bool may_be_directory, struct status *st)
{
	struct level *level = deepest(r);
	struct status why;
	if (fs_remove_file(r->fs, level->dir, name, r->cancel, &why) == 0 || is_gone(r, level->dir, &why)) {
		level->has_progressed = true;
	} else if (is_final(&why)) {
		*st = why;
		return -1;
	} else if (why.errnum == EISDIR && may_be_directory) {
		push_name(r, name);
	} else {
		record(r, &why);
	}
	return 0;
}

/* A subdirectory that cannot be opened for the reason why. */
static int give_up_or_remove(struct removal *r, const char *name, const struct status *why, struct status *st)
{
	struct level *level = deepest(r);
	if (is_final(why)) {
		*st = *why;
		return -1;
	}
	if (why->errnum == ENOTDIR || why->errnum == ELOOP)
		return remove_entry(r, name, false, st);
	struct status ignored; /* that it could not be opened says more */
	if (is_gone(r, level->dir, why) || fs_remove_dir(r->fs, level->dir, name, r->cancel, &ignored) == 0)
		level->has_progressed = true;
	else
		record(r, why);
	return 0;
}

/* Goes down into the subdirectory on top of the stack of names. */
static int descend(struct removal *r, struct status *st)
{
	size_t name_at = last_name_at(r, deepest(r));
	const char *name = r->names.data + name_at;
	if (r->depth > TREE_DEPTH_MAX)
		return status_set(st, STATUS_FAILED_PRECONDITION, "the tree is deeper than %d directories",
				  TREE_DEPTH_MAX);
	struct fs_dir *dir;
	struct status why;
	if (fs_open_dir(r->fs, deepest(r)->dir, name, r->cancel, &dir, &why) == 0) {
		push_level(r, dir, name_at);
		return 0;
	}
	int result = give_up_or_remove(r, name, &why, st);
	r->names.length = name_at;
	return result;
}

/* A level that could not be opened again, from its parent, which is the deepest now. */
static void note_lost_level(struct removal *r, const struct status *why)
{
	const struct fs_dir *parent = r->depth == 1 ? r->levels[0].dir : NULL;
	bool has_changed_type = r->depth > 1 && (why->errnum == ENOTDIR || why->errnum == ELOOP);
	if (is_gone(r, parent, why) || has_changed_type)
		deepest(r)->has_progressed = true; /* the next pass of the parent sees what stands there now */
	else
		record(r, why);
}

/* Opens a level that was closed, by the names that lead to it.  Where that fails, the levels from there on are left. */
static int reopen(struct removal *r, size_t wanted, struct status *st)
{
	if (r->levels[wanted].dir)
		return 0;
	struct fs_dir *at = r->levels[0].dir;
	for (size_t i = 1; i <= wanted; i++) {
		struct fs_dir *dir = NULL;
		struct status why;
		int result = fs_open_dir(r->fs, at, r->names.data + r->levels[i].name_at, r->cancel, &dir, &why);
		if (at != r->levels[i - 1].dir)
			fs_close(r->fs, at);
		if (result < 0 && is_final(&why)) {
			*st = why;
			return -1;
		}
		if (result < 0) {
			leave_levels(r, i);
			note_lost_level(r, &why);
			return 0;
		}
		if (i + OPEN_MAX > wanted)
			r->levels[i].dir = dir;
		at = dir;
	}
	return 0;
}

static void begin_pass(struct level *level)
{
	level->cookie = level->verifier = 0;
	level->is_end = level->has_progressed = level->has_skipped = level->has_failed = false;
}

/* Leaves the deepest level, whose directory is no more. */
static void leave_removed(struct removal *r)
{
	leave_levels(r, r->depth - 1);
	deepest(r)->has_progressed = true;
}

/* Leaves the deepest level, whose directory stays; why is NULL where that is recorded already. */
static void leave_failed(struct removal *r, const struct status *why)
{
	leave_levels(r, r->depth - 1);
	if (why)
		record(r, why);
	else
		deepest(r)->has_failed = true;
}

/* After a pass over the deepest level: removes its directory, or begins another pass.  unread, where it is not NULL, is
 * why the directory could not be read. */
static int finish(struct removal *r, const struct status *unread, struct status *st)
{
	size_t depth = r->depth;
	if (reopen(r, depth - 2, st) < 0)
		return -1;
	if (r->depth < depth)
		return 0;
	struct level *level = deepest(r);
	struct fs_dir *parent = r->levels[depth - 2].dir;
	struct status why;
	if (level->has_progressed && level->has_skipped) {
		begin_pass(level);
	} else if (level->has_failed) {
		leave_failed(r, NULL);
	} else if (fs_remove_dir(r->fs, parent, r->names.data + level->name_at, r->cancel, &why) == 0 ||
		   is_gone(r, parent, &why)) {
		leave_removed(r);
	} else if (is_final(&why)) {
		*st = why;
		return -1;
	} else if (why.errnum == ENOTEMPTY && level->has_progressed) {
		begin_pass(level);
	} else {
		leave_failed(r, unread ? unread : &why);
	}
	return 0;
}

/* Removes the files of the next page of the deepest level and puts its subdirectories on the stack. */
static int clear_page(struct removal *r, struct status *st)
{
	struct level *level = deepest(r);
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	page.cookie = level->cookie;
	page.verifier = level->verifier;
	struct status unread;
	if (fs_read_dir(r->fs, level->dir, &page, r->cancel, &unread) < 0) {
		if (is_final(&unread)) {
			*st = unread;
			return -1;
		}
		level->is_end = true;
		/* Its own removals may have made the cookie bad; a new pass tells. */
		return level->has_progressed ? 0 : finish(r, &unread, st);
	}
	level->cookie = page.cookie;
	level->verifier = page.verifier;
	level->is_end = page.is_end;
	for (size_t i = 0; i < page.count; i++) {
		const struct fs_entry *entry = &page.entries[i];
		if (entry->attr.type == FS_DIRECTORY)
			push_name(r, entry->name);
		else if (remove_entry(r, entry->name, true, st) < 0)
			return -1;
	}
	return 0;
}

static int run(struct removal *r, struct status *st)
{
	while (r->depth > 1 || r->names.length > 0) {
		size_t depth = r->depth;
		int result = cancel_check(r->cancel, st);
		if (result == 0)
			result = reopen(r, depth - 1, st);
		if (result < 0)
			return -1;
		if (r->depth < depth)
			continue;
		if (r->names.length > deepest(r)->pending_at)
			result = descend(r, st);
		else if (!deepest(r)->is_end)
			result = clear_page(r, st);
		else
			result = finish(r, NULL, st);
		if (result < 0)
			return -1;
	}
	if (!r->has_failed)
		return 0;
	*st = r->failure;
	return -1;
}

int tree_remove(struct fs *fs, struct fs_dir *dir, const char *name, const struct tree_options *options,
		struct cancel *cancel, struct status *st)
{
	if (!path_is_name(name))
		return status_set(st, STATUS_INVALID_ARGUMENT, "\"%s\" is not the name of a directory entry", name);
	struct removal r = {.fs = fs, .cancel = cancel};
	strbuf_init(&r.names, NAMES_BYTES_MAX);
	push_level(&r, dir, 0);
	r.levels[0].is_end = true;
	push_name(&r, name);
	int result = run(&r, st);
	if (r.depth > 1)
		leave_levels(&r, 1);
	free(r.levels);
	strbuf_release(&r.names);
	return result;
}
