/* SPDX-License-Identifier: Apache-2.0 */
/* What the name of a directory says about who made it. */
#ifndef CSICORE_CONTROLLER_INSPECT_NAMES_H
#define CSICORE_CONTROLLER_INSPECT_NAMES_H

#include <stdbool.h>

struct arena;

/* pvc-UUID, as the external-provisioner calls PersistentVolumes. */
bool names_is_pv(const char *name);
/* snapshot-UUID, as the external-snapshotter calls snapshots. */
bool names_is_snapshot(const char *name);
/* archived-..., the archive of a deleted volume, of this driver and of others. */
bool names_is_archive(const char *name);
/* What Kubernetes takes as the name of a PersistentVolume, a claim, a namespace: a DNS subdomain. */
bool names_is_object(const char *name);

/* A directory of nfs-subdir-external-provisioner is called NAMESPACE-CLAIM-PV. */
struct provisioned_name {
	const char *claim_namespace, *claim; /* both NULL where the dashes in them leave it open which is which */
	const char *both;                    /* "NAMESPACE-CLAIM" */
	const char *pv;
};
/* False where name is not of that form. */
bool names_parse_provisioned(struct arena *arena, const char *name, struct provisioned_name *ret);

#endif
