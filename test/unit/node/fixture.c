/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/node/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "node/unpublish.h"
#include "support/cmocka.h"

#define CONTEXT_MAX 16
#define FLAGS_MAX 8

int node_fixture_open(void **state)
{
	struct node_fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	arena_init(&f->arena, 1 << 20);
	cancel_init(&f->cancel, 30000);
	mounter_fake_init(&f->mounter);
	(void)snprintf(f->directory, sizeof(f->directory), "/tmp/csi-node-test-XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	(void)snprintf(f->target, sizeof(f->target), "%s/pods/1/mount", f->directory);
	node_init(&f->node);
	f->node.id = "node-1";
	f->node.mounter = &f->mounter.base;
	f->node.local_exports = &f->local_exports;
	f->node.mount_timeout_ms = f->node.unmount_timeout_ms = f->node.stats_timeout_ms = 10000;
	*state = f;
	return 0;
}

int node_fixture_close(void **state)
{
	struct node_fixture *f = *state;
	char command[128];

	node_release(&f->node);
	cancel_release(&f->cancel);
	arena_release(&f->arena);
	(void)snprintf(command, sizeof(command), "rm -rf %s", f->directory);
	int outcome = system(command);

	free(f);
	return outcome;
}

Csi__V1__NodePublishVolumeRequest *node_request(struct node_fixture *f)
{
	Csi__V1__NodePublishVolumeRequest *request = arena_calloc(&f->arena, 1, sizeof(*request));
	Csi__V1__VolumeCapability *capability = arena_calloc(&f->arena, 1, sizeof(*capability));

	csi__v1__node_publish_volume_request__init(request);
	csi__v1__volume_capability__init(capability);
	capability->access_mode = arena_calloc(&f->arena, 1, sizeof(*capability->access_mode));
	csi__v1__volume_capability__access_mode__init(capability->access_mode);
	capability->mount = arena_calloc(&f->arena, 1, sizeof(*capability->mount));
	csi__v1__volume_capability__mount_volume__init(capability->mount);
	capability->mount->mount_flags = arena_calloc(&f->arena, FLAGS_MAX, sizeof(char *));
	capability->access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
	request->volume_capability = capability;
	request->volume_id = arena_strdup(&f->arena, "vol-1");
	request->target_path = f->target;
	request->volume_context = arena_calloc(&f->arena, CONTEXT_MAX, sizeof(*request->volume_context));
	node_request_mode(request, CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER);
	node_request_context(f, request, "server", "srv");
	node_request_context(f, request, "share", "/share");
	return request;
}

void node_request_mode(Csi__V1__NodePublishVolumeRequest *request, Csi__V1__VolumeCapability__AccessMode__Mode mode)
{
	request->volume_capability->access_mode->mode = mode;
}

void node_request_context(struct node_fixture *f, Csi__V1__NodePublishVolumeRequest *request, const char *key,
			  const char *value)
{
	Csi__V1__NodePublishVolumeRequest__VolumeContextEntry *entry = arena_calloc(&f->arena, 1, sizeof(*entry));

	csi__v1__node_publish_volume_request__volume_context_entry__init(entry);
	entry->key = arena_strdup(&f->arena, key);
	entry->value = arena_strdup(&f->arena, value);
	request->volume_context[request->n_volume_context++] = entry;
}

void node_request_flag(struct node_fixture *f, Csi__V1__NodePublishVolumeRequest *request, const char *flag)
{
	Csi__V1__VolumeCapability__MountVolume *mount = request->volume_capability->mount;

	mount->mount_flags[mount->n_mount_flags++] = arena_strdup(&f->arena, flag);
}

void node_must_publish(struct node_fixture *f, const Csi__V1__NodePublishVolumeRequest *request,
		       enum publish_outcome expected)
{
	enum publish_outcome outcome = PUBLISH_MOUNTED;
	struct status st = {0};

	if (publish_volume(&f->node, &f->arena, &f->cancel, request, &outcome, &st) < 0)
		fail_msg("%s: %s", status_code_name(st.code), st.message);
	assert_int_equal(outcome, expected);
}

struct status node_publish_refused(struct node_fixture *f, const Csi__V1__NodePublishVolumeRequest *request,
				   enum status_code code)
{
	enum publish_outcome outcome;
	struct status st = {0};

	assert_int_equal(publish_volume(&f->node, &f->arena, &f->cancel, request, &outcome, &st), -1);
	assert_string_equal(status_code_name(st.code), status_code_name(code));
	return st;
}

void node_must_unpublish(struct node_fixture *f, const char *target, enum unmount_way expected)
{
	Csi__V1__NodeUnpublishVolumeRequest request = CSI__V1__NODE_UNPUBLISH_VOLUME_REQUEST__INIT;
	enum unmount_way way = UNMOUNT_NONE;
	struct status st = {0};

	request.volume_id = (char *)"vol-1";
	request.target_path = (char *)target;
	if (unpublish_volume(&f->node, &f->arena, &f->cancel, &request, &way, &st) < 0)
		fail_msg("%s: %s", status_code_name(st.code), st.message);
	assert_int_equal(way, expected);
}

struct status node_unpublish_refused(struct node_fixture *f, const char *volume_id, const char *target,
				     enum status_code code)
{
	Csi__V1__NodeUnpublishVolumeRequest request = CSI__V1__NODE_UNPUBLISH_VOLUME_REQUEST__INIT;
	enum unmount_way way;
	struct status st = {0};

	request.volume_id = (char *)volume_id;
	request.target_path = (char *)target;
	assert_int_equal(unpublish_volume(&f->node, &f->arena, &f->cancel, &request, &way, &st), -1);
	assert_string_equal(status_code_name(st.code), status_code_name(code));
	return st;
}

bool node_path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void node_directory_is_empty(const struct node_fixture *f)
{
	if (rmdir(f->directory) < 0)
		fail_msg("%s is left with something in it: %s", f->directory, strerror(errno));
	assert_int_equal(mkdir(f->directory, 0700), 0);
}
