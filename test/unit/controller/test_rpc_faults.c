/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every RPC that changes a share, failed at each of its operations by what servers fail with: the code says what happened,
 * nothing is half done, and the repeat succeeds as if nothing had been.
 */
#include "controller/volume.h"

#include <errno.h>

#include "publication.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ID "srv#share#ns/claim#pvc-1#"
#define ARCHIVE_ID ID "archive"
#define RECORD ".csicore/volumes/pvc-1"
#define OPERATIONS_MAX 100

static struct world world;

/* ---- the states */

static bool has_record(void)
{
	return record_at(&world, RECORD) != NULL;
}

static int64_t capacity(void)
{
	Csicore__VolumeRecord *record = record_at(&world, RECORD);
	return record ? record->capacity_bytes : -1;
}

static uint32_t mode(void)
{
	struct fs_attr attr;
	return fs_memory_attr(world.fs, "ns/claim", &attr) ? attr.mode : 0;
}

/* Another volume in the same parent, which nothing may touch. */
static void make_neighbour(void)
{
	assert_non_null(create(&world, create_request_in(&world, "other", "ns/other")));
	fs_memory_plant_file(world.fs, "ns/other/data", "kept");
}

static void assert_neighbour_is_untouched(void)
{
	const char *content = fs_memory_content(world.fs, "ns/other/data");
	assert_non_null(content);
	assert_string_equal(content, "kept");
	assert_non_null(record_at(&world, ".csicore/volumes/other"));
}

static Csi__V1__CreateVolumeRequest *request(void)
{
	Csi__V1__CreateVolumeRequest *request = create_request_in(&world, "pvc-1", "ns/claim");
	add_parameter(&world, request, "mountPermissions", "0770");
	set_capacity(&world, request, 5 * GIB, 0);
	return request;
}

static void make_volume(void)
{
	assert_non_null(create(&world, request()));
	fs_memory_plant_file(world.fs, "ns/claim/deep/data", "x");
}

static void make_volume_of_csi_driver_nfs(void)
{
	fs_memory_plant_file(world.fs, "ns/claim/deep/data", "x");
}

static void make_nothing(void)
{
}

/* ---- the RPCs */

static int create_it(void)
{
	return create(&world, request()) ? 0 : -1;
}

static bool is_created(void)
{
	return has_record() && capacity() == 5 * GIB && mode() == 0770;
}

/* A record without a directory is no volume; a call that is not repeated leaves none. */
static bool may_be_uncreated(bool is_final)
{
	return is_created() || !is_final || !has_record();
}

static int delete_it(void)
{
	return delete_id(&world, ID);
}

static int archive_it(void)
{
	return delete_id(&world, ARCHIVE_ID);
}

static bool is_deleted(void)
{
	return !has_record() && !fs_memory_exists(world.fs, "ns/claim");
}

static bool is_archived(void)
{
	return is_deleted() && fs_memory_exists(world.fs, "archived-ns/claim/deep/data");
}

/* The record is what the repeat knows the volume by: it goes last. */
static bool may_be_undeleted(bool is_final)
{
	return has_record() || !fs_memory_exists(world.fs, "ns/claim");
}

static bool may_be_unarchived(bool is_final)
{
	return fs_memory_exists(world.fs, "ns/claim/deep/data") !=
	       fs_memory_exists(world.fs, "archived-ns/claim/deep/data");
}

static int expand_it(void)
{
	return expand(&world, ID, 8 * GIB, 0) < 0 ? -1 : 0;
}

static bool is_expanded(void)
{
	return capacity() == 8 * GIB;
}

static bool may_be_unexpanded(bool is_final)
{
	return capacity() == 8 * GIB || capacity() == 5 * GIB;
}

static int modify_it(void)
{
	return modify_two(&world, ID, "mountPermissions", "0750", "onDelete", "retain");
}

static bool is_modified(void)
{
	const char *policy = mutable_of(&world, "pvc-1", "ondelete");
	const char *permissions = mutable_of(&world, "pvc-1", "mountpermissions");
	return mode() == 0750 && policy && permissions && strcmp(policy, "retain") == 0;
}

/* What the record says is in force. */
static bool may_be_unmodified(bool is_final)
{
	return has_record() && (is_modified() || (!mutable_of(&world, "pvc-1", "mountpermissions") &&
						  !mutable_of(&world, "pvc-1", "ondelete")));
}

static bool may_be_unknown_and_unmodified(bool is_final)
{
	return !has_record() || may_be_unmodified(is_final);
}

static int publish_it(void)
{
	return publish(&world, ID, "node-1", MODE(SINGLE_NODE_WRITER));
}

static int publish_it_shared(void)
{
	return publish(&world, ID, "node-1", MODE(MULTI_NODE_MULTI_WRITER));
}

static bool is_published_shared(void)
{
	return fs_memory_exists(world.fs, ".csicore/attached/pvc-1/node-1");
}

static bool is_published(void)
{
	return is_published_shared() && fs_memory_exists(world.fs, ".csicore/attached/pvc-1/~claim~node-1");
}

static bool may_be_unpublished(bool is_final)
{
	return true;
}

/* Only who looked around is published. */
static bool may_have_a_claim(bool is_final)
{
	return !is_published_shared() || is_published();
}

static void make_published(void)
{
	make_volume();
	assert_int_equal(publish_it(), 0);
}

static int unpublish_it(void)
{
	return unpublish(&world, ID, "node-1");
}

static int unpublish_it_from_all(void)
{
	return unpublish(&world, ID, "");
}

static bool is_unpublished(void)
{
	return !fs_memory_exists(world.fs, ".csicore/attached/pvc-1");
}

static const struct rpc {
	const char *name;
	void (*make)(void);
	int (*call)(void);
	bool (*is_done)(void);
	bool (*may_remain)(bool is_final); /* after a failure; is_final: the CO forgets the call */
} rpcs[] = {
	{"CreateVolume", make_nothing, create_it, is_created, may_be_uncreated},
	{"CreateVolume of a directory", make_volume_of_csi_driver_nfs, create_it, is_created, may_be_uncreated},
	{"DeleteVolume", make_volume, delete_it, is_deleted, may_be_undeleted},
	{"DeleteVolume, archive", make_volume, archive_it, is_archived, may_be_unarchived},
	{"ControllerExpandVolume", make_volume, expand_it, is_expanded, may_be_unexpanded},
	{"ControllerModifyVolume", make_volume, modify_it, is_modified, may_be_unmodified},
	{"ControllerModifyVolume without a record", make_volume_of_csi_driver_nfs, modify_it, is_modified,
	 may_be_unknown_and_unmodified},
	{"ControllerPublishVolume", make_volume, publish_it, is_published, may_have_a_claim},
	{"ControllerPublishVolume to many nodes", make_volume, publish_it_shared, is_published_shared,
	 may_be_unpublished},
	{"ControllerUnpublishVolume", make_published, unpublish_it, is_unpublished, may_be_unpublished},
	{"ControllerUnpublishVolume from all nodes", make_published, unpublish_it_from_all, is_unpublished,
	 may_be_unpublished},
};

/* ---- the faults */

static const int errnums[] = {ENOSPC, EDQUOT, EIO, ESTALE, EACCES};

/* The code of the errno, or what is said of a share that takes no records: those that need one fail for that. */
static bool is_right_code(int errnum, enum status_code code)
{
	return code == status_code_of_errno(errnum) || (errnum == EACCES && code == STATUS_FAILED_PRECONDITION);
}

static bool is_final(enum status_code code)
{
	return code != STATUS_UNAVAILABLE && code != STATUS_ABORTED && code != STATUS_DEADLINE_EXCEEDED;
}

/* Returns false once nth is past the last operation. */
static bool fail_and_repeat(const struct rpc *rpc, unsigned nth, int errnum, enum fs_memory_fault fault)
{
	assert_int_equal(world_init(&world), 0);
	make_neighbour();
	rpc->make();
	world_restart_controller(&world);
	fs_memory_reset_operations(world.fs);
	fs_memory_fail_nth(world.fs, nth, errnum, fault);
	int result = rpc->call();
	bool is_reached = fs_memory_operation_count(world.fs) >= nth;
	fs_memory_fail_nth(world.fs, 0, 0, fault);
	assert_neighbour_is_untouched();
	if (result < 0 && !is_right_code(errnum, world.st.code))
		fail_msg("%s, operation %u, %s: %s: %s", rpc->name, nth, strerrorname_np(errnum),
			 status_code_name(world.st.code), world.st.message);
	/* Where an operation fails and takes effect all the same, nobody knows what is there. */
	if (result < 0 && fault == FS_MEMORY_FAIL_BEFORE && !rpc->may_remain(is_final(world.st.code)))
		fail_msg("%s, operation %u, %s: half done:\n%s%s", rpc->name, nth, strerrorname_np(errnum),
			 fs_memory_log(world.fs), fs_memory_list(world.fs, ""));
	world_restart_controller(&world);
	if (rpc->call() < 0)
		fail_msg("%s, operation %u, %s, repeated: %s", rpc->name, nth, strerrorname_np(errnum),
			 world.st.message);
	if (!rpc->is_done())
		fail_msg("%s, operation %u, %s, repeated: not done:\n%s", rpc->name, nth, strerrorname_np(errnum),
			 fs_memory_list(world.fs, ""));
	assert_neighbour_is_untouched();
	(void)world_release(&world);
	return is_reached;
}

static void fail_everywhere(const struct rpc *rpc, int errnum, enum fs_memory_fault fault)
{
	unsigned nth = 1;
	while (fail_and_repeat(rpc, nth, errnum, fault))
		assert_true(++nth < OPERATIONS_MAX);
	assert_true(nth > 2);
}

static void any_failure_is_told_and_made_good_by_the_repeat(void **state)
{
	for (size_t r = 0; r < COUNT(rpcs); r++)
		for (size_t e = 0; e < COUNT(errnums); e++)
			fail_everywhere(&rpcs[r], errnums[e], FS_MEMORY_FAIL_BEFORE);
}

static void answer_that_is_lost_is_made_good_by_the_repeat(void **state)
{
	for (size_t r = 0; r < COUNT(rpcs); r++)
		for (size_t e = 0; e < COUNT(errnums); e++)
			fail_everywhere(&rpcs[r], errnums[e], FS_MEMORY_FAIL_AFTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failure_is_told_and_made_good_by_the_repeat),
		cmocka_unit_test(answer_that_is_lost_is_made_good_by_the_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
