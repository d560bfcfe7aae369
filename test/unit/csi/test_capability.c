/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/capability.h"

#include <string.h>

#include "base/status.h"
#include "support/cmocka.h"

/* A mount capability with one flag (none where NULL). */
struct sample {
	Csi__V1__VolumeCapability capability;
	Csi__V1__VolumeCapability__MountVolume mount;
	Csi__V1__VolumeCapability__BlockVolume block;
	Csi__V1__VolumeCapability__AccessMode access_mode;
	char *flags[2];
};

static void sample_init(struct sample *sample, const char *flag)
{
	csi__v1__volume_capability__init(&sample->capability);
	csi__v1__volume_capability__mount_volume__init(&sample->mount);
	csi__v1__volume_capability__block_volume__init(&sample->block);
	csi__v1__volume_capability__access_mode__init(&sample->access_mode);
	sample->access_mode.mode = CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__MULTI_NODE_MULTI_WRITER;
	sample->capability.access_mode = &sample->access_mode;
	sample->capability.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
	sample->capability.mount = &sample->mount;
	sample->flags[0] = (char *)flag;
	sample->mount.mount_flags = sample->flags;
	sample->mount.n_mount_flags = flag ? 1 : 0;
}

static void assert_refused(const Csi__V1__VolumeCapability *capability, const char *message)
{
	struct status st;
	assert_int_equal(capability_check(capability, &st), -1);
	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_string_equal(st.message, message);
}

static void every_access_mode_of_a_mount_is_accepted(void **state)
{
	struct sample sample;
	struct status st;
	sample_init(&sample, "nfsvers=4.1");
	for (int mode = 1; mode <= 7; mode++) {
		sample.access_mode.mode = mode;
		assert_int_equal(capability_check(&sample.capability, &st), 0);
	}
}

static void unknown_access_mode_is_refused(void **state)
{
	struct sample sample;
	sample_init(&sample, NULL);
	sample.access_mode.mode = 0;
	assert_refused(&sample.capability, "volume capability has no access mode");
	sample.access_mode.mode = 8;
	assert_refused(&sample.capability, "volume access mode 8 is not supported");
	sample.capability.access_mode = NULL;
	assert_refused(&sample.capability, "volume capability has no access mode");
}

static void block_and_missing_access_types_are_refused(void **state)
{
	struct sample sample;
	sample_init(&sample, NULL);
	sample.capability.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
	sample.capability.block = &sample.block;
	assert_refused(&sample.capability, "block volume capability not supported");
	sample.capability.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE__NOT_SET;
	assert_refused(&sample.capability, "volume capability has no access type");
}

static void mount_flags_are_bounded_and_of_one_line(void **state)
{
	struct sample sample;
	struct status st;
	static char flag[4098];
	sample_init(&sample, "hard\nport=1");
	assert_refused(&sample.capability, "mount flag holds a line break");
	memset(flag, 'x', 4096);
	sample_init(&sample, flag);
	assert_int_equal(capability_check(&sample.capability, &st), 0);
	flag[4096] = 'x';
	assert_refused(&sample.capability, "mount flags are 4097 bytes long, 4096 are allowed");
}

static void list_needs_one_and_is_checked_to_its_end(void **state)
{
	struct sample good, bad;
	struct status st;
	sample_init(&good, NULL);
	sample_init(&bad, NULL);
	bad.capability.access_mode = NULL;
	Csi__V1__VolumeCapability *list[] = {&good.capability, &bad.capability};
	assert_int_equal(capability_check_all(list, 1, &st), 0);
	assert_int_equal(capability_check_all(list, 2, &st), -1);
	assert_int_equal(capability_check_all(list, 0, &st), -1);
	assert_string_equal(st.message, "volume capabilities missing in request");
}

static void reader_modes_are_read_only(void **state)
{
	struct sample sample;
	sample_init(&sample, NULL);
	for (int mode = 0; mode <= 7; mode++) {
		sample.access_mode.mode = mode;
		assert_int_equal(capability_is_read_only(&sample.capability), mode == 2 || mode == 3);
	}
	sample.capability.access_mode = NULL;
	assert_false(capability_is_read_only(&sample.capability));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_access_mode_of_a_mount_is_accepted),
		cmocka_unit_test(unknown_access_mode_is_refused),
		cmocka_unit_test(block_and_missing_access_types_are_refused),
		cmocka_unit_test(mount_flags_are_bounded_and_of_one_line),
		cmocka_unit_test(list_needs_one_and_is_checked_to_its_end),
		cmocka_unit_test(reader_modes_are_read_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
