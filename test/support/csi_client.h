/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CSI socket as Kubernetes sees it: typed calls for the benchmark, the demo and the kernel tests.  A client serves one
 * thread.
 */
#ifndef CSICORE_TEST_CSI_CLIENT_H
#define CSICORE_TEST_CSI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csi/string_pairs.h"

struct csi_client;
struct status;

enum csi_client_connection {
	CSI_CLIENT_KEEPS_CONNECTION, /* as the sidecars do */
	CSI_CLIENT_CONNECTS_ANEW,    /* for each call, as kubelet does */
};

/* timeout_ms bounds connecting and is the deadline of each call. */
struct csi_client *csi_client_open(const char *endpoint, enum csi_client_connection connection, int timeout_ms,
				   struct status *st);
void csi_client_close(struct csi_client *client);
void csi_client_set_timeout(struct csi_client *client, int timeout_ms);
/* Calls are repeated while they are UNAVAILABLE, as the sidecars do, for this long; 0, as it is at first, for not at all. */
void csi_client_set_patience(struct csi_client *client, int patience_ms);

/* What a StorageClass and a claim ask for.  Points to the caller's memory. */
struct csi_volume_spec {
	const char *name;
	const struct string_pair *parameters;
	size_t parameter_count;
	const char *const *mount_flags;
	size_t mount_flag_count;
	int64_t required_bytes;
};

/* What the cluster remembers of a volume; all of it is owned. */
struct csi_volume {
	char *id;
	struct string_pair *context;
	size_t context_count;
	char **mount_flags;
	size_t mount_flag_count;
};

void csi_volume_release(struct csi_volume *volume);
/* The value of a key of the volume context, whose case does not count; "" where it is absent. */
const char *csi_volume_context(const struct csi_volume *volume, const char *key);

int csi_client_get_plugin_name(struct csi_client *client, char **ret_name, struct status *st);
/* The caller releases *ret. */
int csi_client_create_volume(struct csi_client *controller, const struct csi_volume_spec *spec, struct csi_volume *ret,
			     struct status *st);
int csi_client_delete_volume(struct csi_client *controller, const char *volume_id, struct status *st);
/* 0 where the capability that Kubernetes sends is confirmed. */
int csi_client_validate_volume(struct csi_client *controller, const char *volume_id, struct status *st);
/* Calls seen for each volume of the page.  *ret_next_token is "" after the last page; the caller frees it. */
typedef void csi_volume_seen(void *context, const char *volume_id, int64_t capacity_bytes);
int csi_client_list_volumes(struct csi_client *controller, int max_entries, const char *token, csi_volume_seen *seen,
			    void *context, char **ret_next_token, struct status *st);
int csi_client_expand_volume(struct csi_client *controller, const char *volume_id, int64_t required_bytes,
			     int64_t *ret_capacity_bytes, struct status *st);
int csi_client_modify_volume(struct csi_client *controller, const char *volume_id,
			     const struct string_pair *mutable_parameters, size_t count, struct status *st);
/* ControllerPublishVolume for a single node's writer, and its end. */
int csi_client_attach_volume(struct csi_client *controller, const char *volume_id, const char *node_id,
			     struct status *st);
int csi_client_detach_volume(struct csi_client *controller, const char *volume_id, const char *node_id,
			     struct status *st);

int csi_client_publish_volume(struct csi_client *node, const struct csi_volume *volume, const char *target_path,
			      bool is_read_only, struct status *st);
int csi_client_unpublish_volume(struct csi_client *node, const char *volume_id, const char *target_path,
				struct status *st);

struct csi_volume_stats {
	int64_t total_bytes, available_bytes, used_bytes;
	int64_t total_inodes;
};
int csi_client_get_volume_stats(struct csi_client *node, const char *volume_id, const char *volume_path,
				struct csi_volume_stats *ret, struct status *st);

#endif
