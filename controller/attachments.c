/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NODE is an attachment, ~claim~NODE the claim of one that is exclusive: it stays as long as the attachment.  ~NODE is an
 * attachment that is being written, and none yet.
 */
#include "attachments.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "csi.pb-c.h"
#include "folder.h"

#define TEMPORARY_PREFIX '~'   /* no node's file name begins with it, nor has it one inside */
#define CLAIM_PREFIX "~claim~" /* nor is there such a temporary file */
#define FILE_MODE 0600
#define FOLDER_MODE 0700

/* The folder of one volume. */
struct attached {
	struct export_use *use;
	struct arena *arena;
	struct cancel *cancel;
	const char *volume;
	struct fs_dir *dir; /* NULL: there is none */
};

static void attached_close(struct attached *attached)
{
	fs_close(attached->use->fs, attached->dir);
}

static int open_in(struct attached *attached, struct fs_dir *parent, struct status *st)
{
	const char *name = record_file_name(attached->arena, attached->volume);
	return fs_open_dir(attached->use->fs, parent, name, attached->cancel, &attached->dir, st);
}

static int open_existing(struct attached *attached, struct status *st)
{
	struct fs_dir *parent;
	if (export_open_folder(attached->use, EXPORT_ATTACHED, false, attached->cancel, &parent, st) == 0 &&
	    open_in(attached, parent, st) == 0)
		return 0;
	return st->errnum == ENOENT || st->errnum == ENOTDIR || st->errnum == ELOOP ? 0 : -1;
}

static int open_or_make(struct attached *attached, struct status *st)
{
	static const struct fs_owner private = {FOLDER_MODE, FS_KEEP, FS_KEEP};
	const char *name = record_file_name(attached->arena, attached->volume);
	struct fs_dir *parent;
	if (export_open_folder(attached->use, EXPORT_ATTACHED, true, attached->cancel, &parent, st) < 0)
		return -1;
	if (open_in(attached, parent, st) == 0)
		return 0;
	if (st->errnum != ENOENT)
		return -1;
	if (fs_make_dir(attached->use->fs, parent, name, &private, attached->cancel, st) < 0 && st->errnum != EEXIST)
		return export_missing_is_stale(st);
	return open_in(attached, parent, st) == 0 ? 0 : export_missing_is_stale(st);
}

/* ---- files */

static const char *claim_of(const struct attached *attached, const char *node)
{
	return arena_printf(attached->arena, CLAIM_PREFIX "%s", node);
}

static bool is_claim(const char *file)
{
	return strncmp(file, CLAIM_PREFIX, strlen(CLAIM_PREFIX)) == 0;
}

static int remove_file(const struct attached *attached, const char *file, struct status *st)
{
	if (fs_remove_file(attached->use->fs, attached->dir, file, attached->cancel, st) == 0)
		return 0;
	return st->errnum == ENOENT ? 0 : -1;
}

/* What a file of a node says. */
struct found {
	bool exists;
	Csicore__AttachmentRecord *record; /* NULL: it is a piece, of a call that was cut off or that runs now */
};

static int read_attachment(const struct attached *attached, const char *node, struct found *ret, struct status *st)
{
	AUTO(strbuf_release) struct strbuf content;
	strbuf_init(&content, RECORD_BYTES_MAX);
	*ret = (struct found){false, NULL};
	if (fs_read_file(attached->use->fs, attached->dir, node, &content, attached->cancel, st) < 0 &&
	    st->errnum != EFBIG)
		return st->errnum == ENOENT ? 0 : -1;
	ret->exists = true;
	ret->record = attachment_record_decode(attached->arena, content.data, content.length);
	return 0;
}

static int being_published(const struct attached *attached, const char *node, struct status *st)
{
	return status_set(st, STATUS_ABORTED, "volume %s is being published to node %s", attached->volume, node);
}

/* In the place of a piece, it is there all the time: others look for it meanwhile. */
static int write_attachment(const struct attached *attached, const char *node, const struct found *found,
			    const Csicore__AttachmentRecord *attachment, struct status *st)
{
	struct fs *fs = attached->use->fs;
	size_t length;
	const uint8_t *bytes = attachment_record_encode(attached->arena, attachment, &length);
	if (found->exists)
		return folder_replace_in(attached->use, attached->dir, node, bytes, length, attached->cancel, st);
	if (fs_create_file(fs, attached->dir, node, FILE_MODE, bytes, length, attached->cancel, st) == 0)
		return 0;
	return st->errnum == EEXIST ? being_published(attached, node, st) : export_missing_is_stale(st);
}

/* ---- other nodes */

/* What stands beside an attachment: file names of nodes, "" for none. */
struct others {
	const char *claimant; /* has a claim */
	const char *attached; /* has an attachment */
	bool has_own_claim;
};

static void note_file(const struct attached *attached, const char *own_node, const char *file, struct others *others)
{
	bool is_claim_file = is_claim(file);
	const char *node = is_claim_file ? file + strlen(CLAIM_PREFIX) : file;
	const char **noted = is_claim_file ? &others->claimant : &others->attached;
	if (strcmp(node, own_node) == 0)
		others->has_own_claim = others->has_own_claim || is_claim_file;
	else if (node[0] != TEMPORARY_PREFIX && !(*noted)[0])
		*noted = arena_strdup(attached->arena, node);
}

/* own_node "": all are others. */
static int look_around(const struct attached *attached, const char *own_node, struct others *ret, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	*ret = (struct others){"", "", false};
	while (!page.is_end) {
		if (fs_read_dir(attached->use->fs, attached->dir, &page, attached->cancel, st) < 0)
			return export_missing_is_stale(st);
		for (size_t i = 0; i < page.count; i++)
			note_file(attached, own_node, page.entries[i].name, ret);
	}
	return 0;
}

static int is_elsewhere(const struct attached *attached, const char *node, struct status *st)
{
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "volume %s is published to node %s, and not both may have it at the same time",
			  attached->volume, node);
}

/* ---- the verbs */

bool attachment_is_exclusive(int access_mode)
{
	switch (access_mode) {
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_READER_ONLY:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_SINGLE_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_MULTI_WRITER:
		return true;
	default:
		return false;
	}
}

/*
 * The attachment is written only once nobody else is there: where it is found whole, nobody has got in since.  A claim that
 * was there before may be another call's for the same node, which has looked around already: it is not taken back.
 */
static int add_exclusive(const struct attached *attached, const char *node, const struct found *found,
			 const Csicore__AttachmentRecord *attachment, struct status *st)
{
	const char *claim = claim_of(attached, node);
	struct others others;
	bool is_new =
		fs_create_file(attached->use->fs, attached->dir, claim, FILE_MODE, "", 0, attached->cancel, st) == 0;
	if (!is_new && st->errnum != EEXIST)
		return export_missing_is_stale(st);
	if (look_around(attached, node, &others, st) < 0)
		return -1;
	if (!others.claimant[0] && !others.attached[0])
		return write_attachment(attached, node, found, attachment, st);
	if (is_new && remove_file(attached, claim, st) < 0)
		return -1;
	return is_elsewhere(attached, others.claimant[0] ? others.claimant : others.attached, st);
}

/*
 * The attachment is its own claim, so one that is found may never have been looked around from.  Beside an exclusive one that
 * came through, it has not been; a claim alone may be about to be taken back because of this attachment.
 */
static int add_shared(const struct attached *attached, const char *node, const struct found *found,
		      const Csicore__AttachmentRecord *attachment, struct status *st)
{
	struct found theirs = {false, NULL};
	struct others others;
	if ((!found->record && write_attachment(attached, node, found, attachment, st) < 0) ||
	    look_around(attached, node, &others, st) < 0)
		return -1;
	if (others.has_own_claim && remove_file(attached, claim_of(attached, node), st) < 0)
		return -1;
	if (!others.claimant[0])
		return 0;
	if (found->exists && read_attachment(attached, others.claimant, &theirs, st) < 0)
		return -1;
	if (found->exists && !theirs.exists)
		return being_published(attached, others.claimant, st);
	if (remove_file(attached, node, st) < 0)
		return -1;
	return is_elsewhere(attached, others.claimant, st);
}

static int add(const struct attached *attached, const Csicore__AttachmentRecord *attachment, struct status *st)
{
	const char *node = record_file_name(attached->arena, attachment->node_id);
	bool is_exclusive = attachment_is_exclusive(attachment->access_mode);
	struct found found;
	if (read_attachment(attached, node, &found, st) < 0)
		return -1;
	if (found.record && (found.record->access_mode != attachment->access_mode ||
			     found.record->is_read_only != attachment->is_read_only))
		return status_set(st, STATUS_ALREADY_EXISTS,
				  "volume %s is published to node %s already, with another access mode or readonly",
				  attached->volume, attachment->node_id);
	if (!is_exclusive)
		return add_shared(attached, node, &found, attachment, st);
	return found.record ? 0 : add_exclusive(attached, node, &found, attachment, st);
}

int attachments_add(struct export_use *use, struct arena *arena, const char *volume,
		    const Csicore__AttachmentRecord *attachment, struct cancel *cancel, struct status *st)
{
	AUTO(attached_close) struct attached attached = {use, arena, cancel, volume, NULL};
	if (open_or_make(&attached, st) == 0 && add(&attached, attachment, st) == 0)
		return 0;
	if (!folder_is_refusal(st))
		return -1;
	if (!attachment_is_exclusive(attachment->access_mode))
		return 0;
	st->code = STATUS_FAILED_PRECONDITION;
	return status_prefix(st, "volume %s cannot be kept to one node, its share takes no files of the driver",
			     volume);
}

static int remove_all(const struct attached *attached, struct status *st)
{
	AUTO(fs_page_release) struct fs_page page;
	fs_page_init(&page);
	while (!page.is_end) {
		if (fs_read_dir(attached->use->fs, attached->dir, &page, attached->cancel, st) < 0)
			return export_missing_is_stale(st);
		for (size_t i = 0; i < page.count; i++)
			if (remove_file(attached, page.entries[i].name, st) < 0)
				return -1;
	}
	return 0;
}

static int remove_node(const struct attached *attached, const char *node_id, struct status *st)
{
	const char *node = record_file_name(attached->arena, node_id);
	const char *const files[] = {node, claim_of(attached, node),
				     arena_printf(attached->arena, "%c%s", TEMPORARY_PREFIX, node)};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (remove_file(attached, files[i], st) < 0)
			return -1;
	return 0;
}

int attachments_remove(struct export_use *use, struct arena *arena, const char *volume, const char *node_id,
		       struct cancel *cancel, struct status *st)
{
	AUTO(attached_close) struct attached attached = {use, arena, cancel, volume, NULL};
	struct fs_dir *parent;
	if (open_existing(&attached, st) < 0)
		return folder_is_refusal(st) ? 0 : -1;
	if (!attached.dir)
		return 0;
	if ((node_id[0] ? remove_node(&attached, node_id, st) : remove_all(&attached, st)) < 0 ||
	    export_open_folder(use, EXPORT_ATTACHED, false, cancel, &parent, st) < 0)
		return -1;
	if (fs_remove_dir(use->fs, parent, record_file_name(arena, volume), cancel, st) == 0)
		return 0;
	return st->errnum == ENOTEMPTY || st->errnum == ENOENT ? 0 : -1;
}

int attachments_list(struct export_use *use, struct arena *arena, const char *volume, struct cancel *cancel,
		     char ***ret_node_ids, size_t *ret_count, struct status *st)
{
	AUTO(attached_close) struct attached attached = {use, arena, cancel, volume, NULL};
	AUTO(fs_page_release) struct fs_page page;
	char **node_ids = NULL;
	size_t count = 0;
	fs_page_init(&page);
	if (open_existing(&attached, st) < 0 && !folder_is_refusal(st))
		return -1;
	while (attached.dir && !page.is_end) {
		if (fs_read_dir(use->fs, attached.dir, &page, cancel, st) < 0)
			return export_missing_is_stale(st);
		char **longer = arena_calloc(arena, count + page.count + 1, sizeof(*longer));
		for (size_t i = 0; i < count; i++)
			longer[i] = node_ids[i];
		node_ids = longer;
		for (size_t i = 0; i < page.count; i++) {
			struct found found = {false, NULL};
			if (page.entries[i].name[0] != TEMPORARY_PREFIX &&
			    read_attachment(&attached, page.entries[i].name, &found, st) < 0)
				return -1;
			if (found.record)
				node_ids[count++] = found.record->node_id;
		}
	}
	*ret_node_ids = node_ids;
	*ret_count = count;
	return 0;
}

int attachments_check_none(struct export_use *use, struct arena *arena, const char *volume, struct cancel *cancel,
			   struct status *st)
{
	AUTO(attached_close) struct attached attached = {use, arena, cancel, volume, NULL};
	struct others others = {"", ""};
	if (open_existing(&attached, st) < 0)
		return folder_is_refusal(st) ? 0 : -1;
	if (attached.dir && look_around(&attached, "", &others, st) < 0)
		return -1;
	if (!others.claimant[0] && !others.attached[0])
		return 0;
	return status_set(st, STATUS_FAILED_PRECONDITION,
			  "volume %s is published to node %s: it is deleted once it is unpublished there", volume,
			  others.attached[0] ? others.attached : others.claimant);
}
