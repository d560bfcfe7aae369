/* SPDX-License-Identifier: Apache-2.0 */
/* Judges the volume capabilities of a request. */
#include "csi/capability.h"

#include <string.h>

#include "base/status.h"

#define MOUNT_FLAGS_BYTES_MAX 4096 /* all flags of one capability together (CSI spec, size limits) */

static int check_mount_flags(const Csi__V1__VolumeCapability__MountVolume *mount, struct status *st)
{
	size_t total_bytes = 0;
	for (size_t i = 0; i < mount->n_mount_flags; i++) {
		const char *flag = mount->mount_flags[i];
		total_bytes += strlen(flag);
		if (strpbrk(flag, "\n\r"))
			return status_set(st, STATUS_INVALID_ARGUMENT, "mount flag holds a line break");
	}
	if (total_bytes > MOUNT_FLAGS_BYTES_MAX)
		return status_set(st, STATUS_INVALID_ARGUMENT, "mount flags are %zu bytes long, %d are allowed",
				  total_bytes, MOUNT_FLAGS_BYTES_MAX);
	return 0;
}

static int check_access_mode(const Csi__V1__VolumeCapability__AccessMode *access_mode, struct status *st)
{
	if (!access_mode || access_mode->mode == CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__UNKNOWN)
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume capability has no access mode");
	switch (access_mode->mode) {
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_READER_ONLY:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_READER_ONLY:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_SINGLE_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_SINGLE_WRITER:
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_MULTI_WRITER:
		return 0;
	default:
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume access mode %d is not supported",
				  (int)access_mode->mode);
	}
}

int capability_check(const Csi__V1__VolumeCapability *capability, struct status *st)
{
	switch (capability->access_type_case) {
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT:
		break;
	case CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK:
		return status_set(st, STATUS_INVALID_ARGUMENT, "block volume capability not supported");
	default:
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume capability has no access type");
	}
	if (check_access_mode(capability->access_mode, st) < 0)
		return -1;
	return check_mount_flags(capability->mount, st);
}

int capability_check_all(Csi__V1__VolumeCapability *const *capabilities, size_t count, struct status *st)
{
	if (count == 0)
		return status_set(st, STATUS_INVALID_ARGUMENT, "volume capabilities missing in request");
	for (size_t i = 0; i < count; i++)
		if (capability_check(capabilities[i], st) < 0)
			return -1;
	return 0;
}

bool capability_is_read_only(const Csi__V1__VolumeCapability *capability)
{
	if (!capability->access_mode)
		return false;
	Csi__V1__VolumeCapability__AccessMode__Mode mode = capability->access_mode->mode;
	return mode == CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_READER_ONLY ||
	       mode == CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_READER_ONLY;
}
