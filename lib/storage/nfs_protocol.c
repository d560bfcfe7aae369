/* SPDX-License-Identifier: Apache-2.0 */
/* What NFSv3 and NFSv4 do alike: handles, types, owners, and directory pages as they come in. */
#include "storage/nfs_protocol.h"

#include <errno.h>
#include <string.h>

#include "base/status.h"

int nfs_failed(const struct nfs_connection *c, int errnum, const char *verb, const char *name, const char *hint,
	       struct status *st)
{
	return status_set_errno(st, errnum, "NFS server %s: %s%s%s%s%s", c->target->server, verb, name ? " \"" : "",
				name ? name : "", name ? "\"" : "", hint);
}

bool nfs_handle_set(struct nfs_handle *ret, const char *bytes, uint32_t length)
{
	if (length == 0 || length > NFS_HANDLE_MAX)
		return false;
	ret->length = length;
	memcpy(ret->bytes, bytes, length);
	return true;
}

int nfs_errno_as_directory(enum fs_type type)
{
	if (type == FS_DIRECTORY)
		return 0;
	return type == FS_SYMLINK ? ELOOP : ENOTDIR;
}

int nfs_errno_as_file(enum fs_type type)
{
	static const int errnums[] = {
		[FS_DIRECTORY] = EISDIR, [FS_FILE] = 0, [FS_SYMLINK] = ELOOP, [FS_OTHER] = EINVAL};

	return errnums[type];
}

/* What of owner is still to be set where attr is what stands there; all FS_KEEP for nothing. */
static struct fs_owner owner_missing(const struct fs_owner *owner, const struct fs_attr *attr)
{
	struct fs_owner missing = *owner;

	if (missing.mode == attr->mode)
		missing.mode = FS_KEEP;
	if (missing.uid == attr->uid)
		missing.uid = FS_KEEP;
	if (missing.gid == attr->gid)
		missing.gid = FS_KEEP;
	return missing;
}

bool nfs_owner_is_kept(const struct fs_owner *owner)
{
	return owner->mode == FS_KEEP && owner->uid == FS_KEEP && owner->gid == FS_KEEP;
}

static int set_missing(const struct nfs_protocol *protocol, struct nfs_connection *c, const struct nfs_handle *made,
		       const struct fs_attr *attr, const struct fs_owner *owner, struct cancel *cancel,
		       struct status *st)
{
	struct fs_attr asked;

	if (!attr) {
		if (protocol->get_attr(c, made, cancel, &asked, st) < 0)
			return -1;
		attr = &asked;
	}
	struct fs_owner missing = owner_missing(owner, attr);

	return nfs_owner_is_kept(&missing) ? 0 : protocol->set_owner(c, made, &missing, cancel, st);
}

int nfs_finish_dir(const struct nfs_protocol *protocol, struct nfs_connection *c, const struct nfs_handle *dir,
		   const char *name, const struct nfs_handle *made, const struct fs_attr *attr,
		   const struct fs_owner *owner, struct cancel *cancel, struct status *st)
{
	struct status ignored;

	if (set_missing(protocol, c, made, attr, owner, cancel, st) == 0)
		return 0;
	/* A directory that stays behind where this fails too is for the next attempt to find. */
	(void)protocol->remove_dir(c, dir, name, cancel, &ignored);
	return status_prefix(st, "owner and mode of the new directory \"%s\"", name);
}

#define ENTRIES_FIRST 64

void nfs_page_start(struct nfs_incoming_page *incoming, struct fs_page *page)
{
	arena_release(&page->arena);
	page->entries = NULL;
	page->count = 0;
	*incoming = (struct nfs_incoming_page){.page = page};
}

static bool is_dot_or_dot_dot(const char *name, size_t length)
{
	return (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.');
}

static void make_room(struct nfs_incoming_page *incoming)
{
	if (incoming->count < incoming->capacity)
		return;
	size_t capacity = incoming->capacity ? incoming->capacity * 2 : ENTRIES_FIRST;
	struct nfs_page_entry *entries = arena_calloc(&incoming->page->arena, capacity, sizeof(struct nfs_page_entry));

	if (incoming->count)
		memcpy(entries, incoming->entries, incoming->count * sizeof(struct nfs_page_entry));
	incoming->entries = entries;
	incoming->capacity = capacity;
}

void nfs_page_add(struct nfs_incoming_page *incoming, uint64_t cookie, const char *name, size_t length,
		  const struct fs_attr *attr)
{
	incoming->cookie = cookie;
	if (is_dot_or_dot_dot(name, length))
		return;
	if (length == 0 || memchr(name, '/', length) || memchr(name, '\0', length)) {
		incoming->has_bad_name = true;
		return;
	}
	make_room(incoming);
	struct nfs_page_entry *added = &incoming->entries[incoming->count++];

	added->entry.name = arena_strndup(&incoming->page->arena, name, length);
	added->entry.cookie = cookie;
	added->has_attr = attr != NULL;
	if (attr)
		added->entry.attr = *attr;
}

/* 1 with attributes, 0 where the entry is gone, -1. */
static int complete(struct nfs_page_entry *incoming, const struct nfs_protocol *protocol, struct nfs_connection *c,
		    const struct nfs_handle *dir, struct cancel *cancel, struct status *st)
{
	struct nfs_handle handle;
	struct status failure;

	if (incoming->has_attr)
		return 1;
	if (protocol->lookup(c, dir, incoming->entry.name, cancel, &handle, &incoming->entry.attr, &failure) == 0)
		return 1;
	if (failure.errnum == ENOENT)
		return 0;
	*st = failure;
	return -1;
}

int nfs_page_finish(struct nfs_incoming_page *incoming, const struct nfs_protocol *protocol, struct nfs_connection *c,
		    const struct nfs_handle *dir, struct cancel *cancel, struct status *st)
{
	struct fs_page *page = incoming->page;
	struct fs_entry *entries =
		arena_calloc(&page->arena, incoming->count ? incoming->count : 1, sizeof(struct fs_entry));
	size_t count = 0;

	if (incoming->has_bad_name)
		return status_set_errno(st, EPROTO, "NFS server %s: a name in a directory listing is invalid",
					c->target->server);
	if (!incoming->is_end && incoming->cookie == page->cookie)
		return status_set_errno(st, EPROTO, "NFS server %s: a directory listing does not advance",
					c->target->server);
	for (size_t i = 0; i < incoming->count; i++) {
		int found = complete(&incoming->entries[i], protocol, c, dir, cancel, st);

		if (found < 0)
			return -1;
		if (found)
			entries[count++] = incoming->entries[i].entry;
	}
	page->entries = entries;
	page->count = count;
	page->cookie = incoming->cookie;
	page->verifier = incoming->verifier;
	page->is_end = incoming->is_end;
	return 0;
}
