/* SPDX-License-Identifier: Apache-2.0 */
/* A node on a fake mounter with a directory of its own, and requests to it as kubelet makes them. */
#ifndef CSICORE_TEST_UNIT_NODE_FIXTURE_H
#define CSICORE_TEST_UNIT_NODE_FIXTURE_H

#include "base/arena.h"
#include "base/cancel.h"
#include "csi/local_exports.h"
#include "csi/service.h"
#include "node/node.h"
#include "node/publish.h"
#include "support/mounter_fake.h"

struct node_fixture {
	struct node node;
	struct mounter_fake mounter;
	struct local_exports local_exports;
	struct arena arena;
	struct cancel cancel;
	char directory[64]; /* empty at first, removed at the end */
	char target[128];   /* below it, parents missing */
};

/* cmocka's set-up and tear-down; *state is the fixture. */
int node_fixture_open(void **state);
int node_fixture_close(void **state);

/* A request for srv:/share, volume "vol-1", MULTI_NODE_MULTI_WRITER, at the fixture's target. */
Csi__V1__NodePublishVolumeRequest *node_request(struct node_fixture *f);
void node_request_mode(Csi__V1__NodePublishVolumeRequest *request, Csi__V1__VolumeCapability__AccessMode__Mode mode);
/* Adds a pair to the volume context, or a mount flag. */
void node_request_context(struct node_fixture *f, Csi__V1__NodePublishVolumeRequest *request, const char *key,
			  const char *value);
void node_request_flag(struct node_fixture *f, Csi__V1__NodePublishVolumeRequest *request, const char *flag);

/* Calls that fail the test where they do not come out as expected. */
void node_must_publish(struct node_fixture *f, const Csi__V1__NodePublishVolumeRequest *request,
		       enum publish_outcome expected);
struct status node_publish_refused(struct node_fixture *f, const Csi__V1__NodePublishVolumeRequest *request,
				   enum status_code code);
void node_must_unpublish(struct node_fixture *f, const char *target, enum unmount_way expected);
struct status node_unpublish_refused(struct node_fixture *f, const char *volume_id, const char *target,
				     enum status_code code);

bool node_path_exists(const char *path);
/* Fails the test where anything is in the fixture's directory, be it a parent of the target. */
void node_directory_is_empty(const struct node_fixture *f);

#endif
