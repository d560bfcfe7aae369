/* SPDX-License-Identifier: Apache-2.0 */
/* struct fs over a client of one server: each verb borrows a connection, speaks the version of its directory's handle on it, and
 * gives it back. */
#include "storage/fs_libnfs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "storage/nfs_client.h"

struct fs_libnfs {
	struct fs fs;
	struct nfs_client *client;
};

struct fs_dir {
	const struct nfs_protocol *protocol;
	struct nfs_handle handle;
};

static struct nfs_client *client_of(struct fs *fs)
{
	return ((struct fs_libnfs *)fs)->client; /* fs is its first member */
}

static struct fs_dir *new_dir(const struct nfs_protocol *protocol, const struct nfs_handle *handle)
{
	struct fs_dir *dir = memory_alloc(sizeof(*dir));

	*dir = (struct fs_dir){.protocol = protocol, .handle = *handle};
	return dir;
}

static struct nfs_connection *borrow(struct fs *fs, const struct fs_dir *dir, struct cancel *cancel, struct status *st)
{
	return nfs_client_borrow(client_of(fs), dir->protocol->version, cancel, st);
}

static int libnfs_open_root(struct fs *fs, struct cancel *cancel, struct fs_dir **ret_root, struct status *st)
{
	const struct nfs_protocol *protocol;
	struct nfs_handle handle;

	if (nfs_client_find_root(client_of(fs), cancel, &protocol, &handle, st) < 0)
		return -1;
	*ret_root = new_dir(protocol, &handle);
	return 0;
}

static int lookup_entry(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			struct nfs_handle *ret_handle, struct fs_attr *ret_attr, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->lookup(c, &dir->handle, name, cancel, ret_handle, ret_attr, st) : -1;
}

static int libnfs_open_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			   struct fs_dir **ret_dir, struct status *st)
{
	struct nfs_handle handle;
	struct fs_attr attr;

	if (lookup_entry(fs, dir, name, cancel, &handle, &attr, st) < 0)
		return -1;
	int errnum = nfs_errno_as_directory(attr.type);

	if (errnum != 0)
		return status_set_errno(st, errnum, "open directory \"%s\"", name);
	*ret_dir = new_dir(dir->protocol, &handle);
	return 0;
}

static int libnfs_lookup(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			 struct fs_attr *ret_attr, struct status *st)
{
	struct nfs_handle handle;

	return lookup_entry(fs, dir, name, cancel, &handle, ret_attr, st);
}

static int libnfs_get_attr(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_attr *ret_attr,
			   struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->get_attr(c, &dir->handle, cancel, ret_attr, st) : -1;
}

static int libnfs_set_owner(struct fs *fs, struct fs_dir *dir, const struct fs_owner *owner, struct cancel *cancel,
			    struct status *st)
{
	if (nfs_owner_is_kept(owner))
		return 0;
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->set_owner(c, &dir->handle, owner, cancel, st) : -1;
}

#define DEFAULT_DIRECTORY_MODE 0755

static int libnfs_make_dir(struct fs *fs, struct fs_dir *dir, const char *name, const struct fs_owner *owner,
			   struct cancel *cancel, struct status *st)
{
	struct fs_owner with_mode = *owner;

	if (with_mode.mode == FS_KEEP)
		with_mode.mode = DEFAULT_DIRECTORY_MODE;
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->make_dir(c, &dir->handle, name, &with_mode, cancel, st) : -1;
}

static int libnfs_rename(struct fs *fs, struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir,
			 const char *to, struct cancel *cancel, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, from_dir, cancel, st);

	return c ? from_dir->protocol->rename(c, &from_dir->handle, from, &to_dir->handle, to, cancel, st) : -1;
}

static int libnfs_remove_file(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			      struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->remove_file(c, &dir->handle, name, cancel, st) : -1;
}

static int libnfs_remove_dir(struct fs *fs, struct fs_dir *dir, const char *name, struct cancel *cancel,
			     struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->remove_dir(c, &dir->handle, name, cancel, st) : -1;
}

static int libnfs_remove_entries(struct fs *fs, struct fs_dir *dir, const char *const *names, size_t count,
				 int *ret_errnums, struct cancel *cancel, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->remove_entries(c, &dir->handle, names, count, ret_errnums, cancel, st) : -1;
}

static int libnfs_read_dir(struct fs *fs, struct fs_dir *dir, struct fs_page *page, struct cancel *cancel,
			   struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->read_dir(c, &dir->handle, page, cancel, st) : -1;
}

static int libnfs_read_file(struct fs *fs, struct fs_dir *dir, const char *name, struct strbuf *ret_content,
			    struct cancel *cancel, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->read_file(c, &dir->handle, name, ret_content, cancel, st) : -1;
}

static int libnfs_create_file(struct fs *fs, struct fs_dir *dir, const char *name, uint32_t mode, const void *bytes,
			      size_t length, struct cancel *cancel, struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->create_file(c, &dir->handle, name, mode, bytes, length, cancel, st) : -1;
}

static int libnfs_capacity(struct fs *fs, struct fs_dir *dir, struct cancel *cancel, struct fs_capacity *ret_capacity,
			   struct status *st)
{
	AUTO(nfs_client_return) struct nfs_connection *c = borrow(fs, dir, cancel, st);

	return c ? dir->protocol->capacity(c, &dir->handle, cancel, ret_capacity, st) : -1;
}

static int libnfs_ping(struct fs *fs, struct cancel *cancel, struct status *st)
{
	return nfs_client_ping(client_of(fs), cancel, st);
}

static void libnfs_close_dir(struct fs *fs, struct fs_dir *dir)
{
	free(dir); /* file handles are not open on the server */
}

static void libnfs_free(struct fs *fs)
{
	nfs_client_free(client_of(fs));
	free(fs);
}

static const struct fs_ops libnfs_ops = {
	.name = "libnfs",
	.open_root = libnfs_open_root,
	.open_dir = libnfs_open_dir,
	.lookup = libnfs_lookup,
	.get_attr = libnfs_get_attr,
	.set_owner = libnfs_set_owner,
	.make_dir = libnfs_make_dir,
	.rename = libnfs_rename,
	.remove_file = libnfs_remove_file,
	.remove_dir = libnfs_remove_dir,
	.remove_entries = libnfs_remove_entries,
	.read_dir = libnfs_read_dir,
	.read_file = libnfs_read_file,
	.create_file = libnfs_create_file,
	.capacity = libnfs_capacity,
	.ping = libnfs_ping,
	.close_dir = libnfs_close_dir,
	.free = libnfs_free,
};

struct fs *fs_libnfs_new(const struct fs_libnfs_config *config)
{
	struct fs_libnfs *fs = memory_calloc(1, sizeof(*fs));

	fs->fs.ops = &libnfs_ops;
	fs->client = nfs_client_new(config);
	return &fs->fs;
}

uint64_t fs_libnfs_round_trips(struct fs *fs)
{
	return nfs_client_round_trips(client_of(fs));
}
