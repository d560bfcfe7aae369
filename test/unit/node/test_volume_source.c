/* SPDX-License-Identifier: Apache-2.0 */
#include "node/volume_source.h"

#include <sys/mount.h>

#include "base/status.h"
#include "node/publish.h"
#include "support/cmocka.h"
#include "unit/node/fixture.h"

/* ---- what is mounted */

static void sub_dir_is_below_the_share(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "subdir", "${pvc.metadata.name}//x/");
	node_request_context(f, request, "csi.storage.k8s.io/pvc/name", "claim");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_string_equal(mounter_fake_at(&f->mounter, f->target)->source, "srv:/share/claim/x");
}

static void ipv6_server_is_bracketed_once(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "server", "[fd00::1]");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_string_equal(mounter_fake_at(&f->mounter, f->target)->source, "[fd00::1]:/share");
}

static void flags_and_context_options_both_count(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_flag(f, request, "nfsvers=4.1");
	node_request_flag(f, request, "noatime,nosuid");
	node_request_context(f, request, "mountOptions", "vers=3,nodev");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_string_equal(f->mounter.version, "3");
	assert_int_equal(f->mounter.attributes, MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static void published(struct node_fixture *f, Csi__V1__NodePublishVolumeRequest *request, const char *key,
		      const char *value)
{
	Csi__V1__NodePublishVolumeRequest__PublishContextEntry *entry = arena_alloc(&f->arena, sizeof(*entry));

	csi__v1__node_publish_volume_request__publish_context_entry__init(entry);
	entry->key = arena_strdup(&f->arena, key);
	entry->value = arena_strdup(&f->arena, value);
	request->publish_context = arena_calloc(&f->arena, 1, sizeof(*request->publish_context));
	request->publish_context[0] = entry;
	request->n_publish_context = 1;
}

static void options_of_the_controller_come_last(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_flag(f, request, "nfsvers=4.1,noatime");
	node_request_context(f, request, "mountOptions", "vers=3,nodev");
	published(f, request, "mountOptions", "vers=4.2,atime");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_string_equal(f->mounter.version, "4.2");
	assert_int_equal(f->mounter.attributes, MOUNT_ATTR_NODEV);
	published(f, request, "mountOptions", "remount");
	(void)node_publish_refused(f, request, STATUS_INVALID_ARGUMENT);
}

static void mode_of_the_controller_wins(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "mountPermissions", "0777");
	published(f, request, "mountPermissions", "0750");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownership.mode, 0750);
}

static void read_only_is_asked_for_in_three_ways(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	request->readonly = 1;
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_true(mounter_fake_at(&f->mounter, f->target)->is_read_only);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	request->readonly = 0;
	node_request_mode(request, CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_READER_ONLY);
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_true(mounter_fake_at(&f->mounter, f->target)->is_read_only);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	node_request_mode(request, CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER);
	node_request_flag(f, request, "ro");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_true(mounter_fake_at(&f->mounter, f->target)->is_read_only);
}

static void local_export_is_bound_instead(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	f->local_exports.items[0] = (struct local_export){"srv", "/share", "/data"};
	f->local_exports.count = 1;
	node_request_context(f, request, "subDir", "ns/claim");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_string_equal(mounter_fake_at(&f->mounter, f->target)->source, "/data/ns/claim");
	node_must_publish(f, request, PUBLISH_FOUND);
	node_request_context(f, request, "subDir", "ns/other");
	(void)node_publish_refused(f, request, STATUS_ALREADY_EXISTS);
}

static void local_export_that_is_mounted_over_nfs_is_accepted(void **state)
{
	struct node_fixture *f = *state;

	mounter_fake_add(&f->mounter, "srv:/share", f->target, false);
	f->local_exports.items[0] = (struct local_export){"srv", "/share", "/data"};
	f->local_exports.count = 1;
	node_must_publish(f, node_request(f), PUBLISH_FOUND);
}

/* ---- owner and mode */

static void mode_comes_from_the_context_before_the_default(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	f->node.mount_permissions = 0700;
	node_request_context(f, request, "mountPermissions", "2775");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownership.mode, 02775);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	request->n_volume_context--;
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownership.mode, 0700);
}

static void owner_is_set_for_static_volumes_only(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "uid", "1000");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownership.uid, 1000);
	assert_int_equal(f->mounter.ownership.gid, MOUNT_KEEP_ID);
	node_must_unpublish(f, f->target, UNMOUNT_CLEAN);
	node_request_context(f, request, "storage.kubernetes.io/csiProvisionerIdentity", "x");
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownerships_set, 1);
}

static void read_only_volumes_keep_owner_and_mode(void **state)
{
	struct node_fixture *f = *state;
	Csi__V1__NodePublishVolumeRequest *request = node_request(f);

	node_request_context(f, request, "mountPermissions", "0777");
	node_request_context(f, request, "uid", "1000");
	request->readonly = 1;
	node_must_publish(f, request, PUBLISH_MOUNTED);
	assert_int_equal(f->mounter.ownerships_set, 0);
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, node_fixture_open, node_fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(sub_dir_is_below_the_share),
		WITH_FIXTURE(ipv6_server_is_bracketed_once),
		WITH_FIXTURE(flags_and_context_options_both_count),
		WITH_FIXTURE(options_of_the_controller_come_last),
		WITH_FIXTURE(mode_of_the_controller_wins),
		WITH_FIXTURE(read_only_is_asked_for_in_three_ways),
		WITH_FIXTURE(local_export_is_bound_instead),
		WITH_FIXTURE(local_export_that_is_mounted_over_nfs_is_accepted),
		WITH_FIXTURE(mode_comes_from_the_context_before_the_default),
		WITH_FIXTURE(owner_is_set_for_static_volumes_only),
		WITH_FIXTURE(read_only_volumes_keep_owner_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
