/* SPDX-License-Identifier: Apache-2.0 */
/* The Identity service, the same on both programs and answered from memory. */
#ifndef CSICORE_CSI_IDENTITY_H
#define CSICORE_CSI_IDENTITY_H

#include "csi/service.h"

/* What Identity answers with.  Both programs' user pointer (grpc_call_user) points at a struct that begins with it. */
struct csi_driver {
	const char *name;    /* "nfs.csicore.io" */
	const char *version; /* "0.1.0" */
};

#define IDENTITY_METHODS(M) \
	M(GetPluginInfo, get_plugin_info, GRPC_ON_LOOP) \
	M(GetPluginCapabilities, get_plugin_capabilities, GRPC_ON_LOOP) \
	M(Probe, probe, GRPC_ON_LOOP)
CSI_DECLARE_HANDLERS(IDENTITY_METHODS)

extern const struct grpc_service identity_service;

/* INVALID_ARGUMENT where name is not a CSI plugin name (CSI spec, GetPluginInfo: at most 63 of [a-zA-Z0-9.-], alphanumeric
 * at both ends). */
int csi_driver_name_check(const char *name, struct status *st);

#endif
