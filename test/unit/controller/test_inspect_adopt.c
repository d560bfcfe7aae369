/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_world.h"

#define PREFIX "csi-controller inspect adopt: "
#define PV "pvc-3f1c2d34-0000-4000-8000-0123456789ab"
#define PROVISIONED "default-data-" PV
#define DASHED "kube-system-my-data-" PV
#define RECORDS ".csicore/volumes/"

static void directory_of_the_provisioner_becomes_its_claims_volume(void **state)
{
	fs_memory_plant_dir(world.fs, PROVISIONED, 0755);
	assert_int_equal(INSPECT("adopt", PROVISIONED, "--capacity=1Gi", "--share=srv:/share,nfsvers=4.1,hard",
				 "--storage-class=nfs-client", "--drivername=nfs.csi.k8s.io"),
			 0);
	assert_string_equal(out, "apiVersion: \"v1\"\n"
				 "kind: \"PersistentVolume\"\n"
				 "metadata:\n"
				 "  name: \"" PV "\"\n"
				 "  annotations:\n"
				 "    pv.kubernetes.io/provisioned-by: \"nfs.csi.k8s.io\"\n"
				 "spec:\n"
				 "  capacity:\n"
				 "    storage: \"1Gi\"\n"
				 "  accessModes:\n"
				 "    - \"ReadWriteMany\"\n"
				 "  persistentVolumeReclaimPolicy: \"Retain\"\n"
				 "  storageClassName: \"nfs-client\"\n"
				 "  mountOptions:\n"
				 "    - \"nfsvers=4.1\"\n"
				 "    - \"hard\"\n"
				 "  claimRef:\n"
				 "    apiVersion: \"v1\"\n"
				 "    kind: \"PersistentVolumeClaim\"\n"
				 "    namespace: \"default\"\n"
				 "    name: \"data\"\n"
				 "  csi:\n"
				 "    driver: \"nfs.csi.k8s.io\"\n"
				 "    volumeHandle: \"srv#share#" PROVISIONED "#" PV "#\"\n"
				 "    volumeAttributes:\n"
				 "      server: \"srv\"\n"
				 "      share: \"/share\"\n"
				 "      subDir: \"" PROVISIONED "\"\n");
	assert_tree(&world, PROVISIONED "/\n");
}

static void claim_with_dashes_is_told_by_its_namespace_or_name(void **state)
{
	fs_memory_plant_dir(world.fs, DASHED, 0755);
	assert_refused(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi"), 2,
		       PREFIX "\"kube-system-my-data\" does not tell where the namespace ends and the claim begins: "
			      "give --namespace and --claim");
	assert_int_equal(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi", "--namespace=kube-system"), 0);
	assert_says("    namespace: \"kube-system\"\n    name: \"my-data\"\n");
	assert_int_equal(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi", "--claim=my-data"), 0);
	assert_says("    namespace: \"kube-system\"\n    name: \"my-data\"\n");
	assert_int_equal(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi", "--namespace=new", "--claim=other"), 0);
	assert_says("    namespace: \"new\"\n    name: \"other\"\n");
	assert_int_equal(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi", "--namespace=kube"), 0);
	assert_says("    namespace: \"kube\"\n    name: \"system-my-data\"\n");
	assert_int_equal(INSPECT_SHARE("adopt", DASHED, "--capacity=1Gi", "--claim=unlike"), 2);
}

static void directory_of_any_other_name_has_no_claim(void **state)
{
	fs_memory_plant_dir(world.fs, "home", 0755);
	fs_memory_plant_dir(world.fs, "a/Caf\xC3\xA9 \"x\"", 0755);
	assert_int_equal(INSPECT_SHARE("adopt", "/home/", "--capacity=1Gi", "--ondelete=retain"), 0);
	assert_says("  name: \"home\"\n");
	assert_says("    volumeHandle: \"srv#share#home##retain\"\n");
	assert_says("      subDir: \"home\"\n");
	assert_says("  storageClassName: \"\"\n");
	assert_says_not("claimRef");
	assert_says_not("mountOptions");
	assert_int_equal(INSPECT_SHARE("adopt", "a/Caf\xC3\xA9 \"x\"", "--name=cafe", "--capacity=1Gi"), 0);
	assert_says("      subDir: \"a/Caf\\u00e9 \\\"x\\\"\"\n");
	assert_says("    volumeHandle: \"srv#share#a/Caf\\u00e9 \\\"x\\\"#cafe#\"\n");
}

static void directory_that_cannot_be_a_volume_is_refused(void **state)
{
	fs_memory_plant_dir(world.fs, "archived-pvc-1", 0755);
	fs_memory_plant_dir(world.fs, ".csicore/trash/x", 0755);
	fs_memory_plant_file(world.fs, "file", "");
	fs_memory_plant_symlink(world.fs, "link", "/etc");
	static const struct {
		const char *directory;
		int status;
		const char *message;
	} cases[] = {
		{"archived-pvc-1", 2,
		 PREFIX "\"archived-pvc-1\" is the archive of a deleted volume: rename it to adopt it\n"},
		{".csicore/trash/x", 2,
		 PREFIX "invalid subDir \".csicore/trash/x\": .csicore is the driver's own folder\n"},
		{"file", 1, PREFIX "file is not a directory\n"},
		{"link", 1, PREFIX "link is not a directory\n"},
		{"link/x", 1, PREFIX "open x: Too many levels of symbolic links\n"},
		{"missing", 1, PREFIX "there is no directory missing on the share\n"},
		{"missing/x", 1, PREFIX "there is no directory missing/x on the share\n"},
		{"../x", 2, PREFIX "invalid directory \"../x\": path contains directory traversal sequence\n"},
		{"/", 2, PREFIX "\"/\" is the share itself, which is no volume\n"},
		{"a\xFF", 2, PREFIX "\"a\\xff\" is not UTF-8, which Kubernetes cannot name: rename the directory\n"},
		{"a#b", 2, PREFIX "invalid subDir \"a#b\": '#' separates the elements of a volume id\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(INSPECT_SHARE("adopt", cases[i].directory, "--name=x", "--capacity=1Gi"),
				 cases[i].status);
		if (strncmp(cases[i].directory, "link/", 5) != 0)
			assert_string_equal(err, cases[i].message);
		assert_string_equal(out, "");
	}
}

static void names_and_sizes_are_checked(void **state)
{
	fs_memory_plant_dir(world.fs, "Home", 0755);
	fs_memory_plant_dir(world.fs, "a/b", 0755);
	assert_refused(INSPECT_SHARE("adopt", "Home", "--capacity=1Gi"), 2,
		       PREFIX "\"Home\" gives no name for the PersistentVolume: give --name");
	assert_refused(INSPECT_SHARE("adopt", "a/b", "--capacity=1Gi"), 2,
		       PREFIX "\"a/b\" gives no name for the PersistentVolume: give --name");
	assert_refused(INSPECT_SHARE("adopt", "Home", "--capacity=1Gi", "--name=Home"), 2,
		       PREFIX "--name: \"Home\" is not a name that Kubernetes takes");
	assert_refused(INSPECT_SHARE("adopt", "Home", "--name=home"), 2,
		       PREFIX "--capacity is missing: no record tells the size");
	assert_refused(INSPECT_SHARE("adopt", "Home", "--name=home", "--capacity=1GB"), 2,
		       PREFIX "--capacity: \"1GB\" is not a size such as 10Gi");
	assert_refused(INSPECT_SHARE("adopt", "Home", "--name=home", "--capacity=0"), 2,
		       PREFIX "--capacity: \"0\" is not a size such as 10Gi");
	assert_refused(INSPECT_SHARE("adopt", "Home", "--name=home", "--capacity=1Gi", "--claim=x"), 2,
		       PREFIX "--namespace and --claim are given together");
}

static void record_is_written_once(void **state)
{
	fs_memory_plant_dir(world.fs, PROVISIONED, 0755);
	assert_int_equal(INSPECT_SHARE("adopt", PROVISIONED, "--capacity=1Gi", "--record"), 0);
	const Csicore__VolumeRecord *record = record_at(&world, RECORDS PV);
	assert_non_null(record);
	assert_string_equal(record->name, PV);
	assert_string_equal(record->sub_dir, PROVISIONED);
	assert_string_equal(record->volume_id, "srv#share#" PROVISIONED "#" PV "#");
	assert_int_equal(record->capacity_bytes, GIB);
	assert_int_equal(record->n_parameters, 3);
	fs_memory_reset_operations(world.fs);
	assert_int_equal(INSPECT_SHARE("adopt", PROVISIONED, "--capacity=1Gi", "--record"), 0);
	assert_null(strstr(fs_memory_log(world.fs), "create_file"));
	assert_int_equal(INSPECT_SHARE("volumes"), 0);
	assert_says(PV);
}

static void volume_with_a_record_gives_its_own_words(void **state)
{
	const char *id = make_volume("pvc-1", "ns/claim", "retain");
	assert_int_equal(INSPECT_SHARE("adopt", "ns/claim", "--name=pvc-1"), 0);
	assert_says(arena_printf(&world.arena, "    volumeHandle: \"%s\"\n", id));
	assert_says("    storage: \"10737418240\"\n");
	assert_says(
		"    volumeAttributes:\n      server: \"srv\"\n      share: \"/share\"\n      subDir: \"ns/claim\"\n"
		"      onDelete: \"retain\"\n");
	assert_refused(INSPECT_SHARE("adopt", "ns/claim", "--name=pvc-1", "--ondelete=delete"), 1,
		       PREFIX "pvc-1 is a volume already, with the id srv#share#ns/claim#pvc-1#retain: "
			      "adopt it without --record and --ondelete");
}

static void directory_of_another_volume_is_refused(void **state)
{
	(void)make_volume("pvc-1", "ns/claim", NULL);
	fs_memory_plant_dir(world.fs, "ns/claim/below", 0755);
	fs_memory_plant_dir(world.fs, "pvc-1", 0755);
	assert_refused(INSPECT_SHARE("adopt", "ns/claim", "--name=x", "--capacity=1Gi"), 1,
		       PREFIX "ns/claim is the directory of volume pvc-1 already, or above it");
	assert_refused(INSPECT_SHARE("adopt", "ns", "--capacity=1Gi"), 1,
		       PREFIX "ns is the directory of volume pvc-1 already, or above it");
	assert_refused(INSPECT_SHARE("adopt", "ns/claim/below", "--name=x", "--capacity=1Gi"), 1,
		       PREFIX "ns/claim/below lies in a volume, the one in directory ns/claim");
	assert_refused(INSPECT_SHARE("adopt", "pvc-1", "--capacity=1Gi"), 1,
		       PREFIX "there is a volume called pvc-1 already, in directory ns/claim");
}

static void adopted_volume_can_be_deleted(void **state)
{
	fs_memory_plant_file(world.fs, PROVISIONED "/data", "data");
	assert_int_equal(INSPECT_SHARE("adopt", PROVISIONED, "--capacity=1Gi", "--record"), 0);
	assert_int_equal(delete_id(&world, "srv#share#" PROVISIONED "#" PV "#"), 0);
	assert_false(fs_memory_exists(world.fs, PROVISIONED));
	assert_false(fs_memory_exists(world.fs, RECORDS PV));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directory_of_the_provisioner_becomes_its_claims_volume),
		TEST(claim_with_dashes_is_told_by_its_namespace_or_name),
		TEST(directory_of_any_other_name_has_no_claim),
		TEST(directory_that_cannot_be_a_volume_is_refused),
		TEST(names_and_sizes_are_checked),
		TEST(record_is_written_once),
		TEST(volume_with_a_record_gives_its_own_words),
		TEST(directory_of_another_volume_is_refused),
		TEST(adopted_volume_can_be_deleted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
