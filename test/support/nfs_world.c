/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up shared by the tests of the libnfs back end. */
#include "support/nfs_world.h"

#define LONG_MS 20000

struct fs_libnfs_config nfs_world_config(const struct nfs_fake *fake, enum nfs_version version)
{
	return (struct fs_libnfs_config){
		.server = "127.0.0.1",
		.share = "/srv/share",
		.version = version,
		.nfs_port = nfs_fake_port(fake),
		.mount_port = nfs_fake_port(fake),
		.connect_timeout_ms = LONG_MS,
		.reply_timeout_ms = LONG_MS,
		.connection_max = 4,
	};
}

void nfs_world_init(struct nfs_world *w, enum nfs_fake_kind kind, enum nfs_version version)
{
	struct nfs_fake *fake = nfs_fake_start(kind);
	struct fs_libnfs_config config = nfs_world_config(fake, version);

	nfs_world_init_with(w, fake, &config);
}

void nfs_world_init_with(struct nfs_world *w, struct nfs_fake *fake, const struct fs_libnfs_config *config)
{
	*w = (struct nfs_world){.fake = fake, .fs = fs_libnfs_new(config)};
	cancel_init(&w->cancel, LONG_MS);
}

int nfs_world_open_root(struct nfs_world *w)
{
	return fs_open_root(w->fs, &w->cancel, &w->root, &w->st);
}

void nfs_world_release(struct nfs_world *w)
{
	fs_close(w->fs, w->root);
	fs_free(w->fs);
	nfs_fake_stop(w->fake);
	cancel_release(&w->cancel);
}
