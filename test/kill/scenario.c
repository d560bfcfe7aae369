/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what is killed. */
#include "kill/scenario.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "support/csi_client.h"
#include "support/share.h"

#define PARAMETERS_MAX 8
#define PARAMETERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- the calls */

static int create(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	struct string_pair parameters[PARAMETERS_MAX] = {{"server", "srv"}, {"share", "/share"}};
	struct csi_volume_spec spec = {
		.name = call->volume, .parameters = parameters, .parameter_count = 2, .required_bytes = call->bytes};
	for (const char *const *at = call->parameters; at && *at; at += 2)
		parameters[spec.parameter_count++] = (struct string_pair){at[0], at[1]};
	struct csi_volume volume;
	if (csi_client_create_volume(client, &spec, &volume, st) < 0)
		return -1;
	*ret_answer = memory_strdup(volume.id);
	csi_volume_release(&volume);
	return 0;
}

static int delete (struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	if (csi_client_delete_volume(client, call->volume, st) < 0)
		return -1;
	*ret_answer = memory_strdup("deleted");
	return 0;
}

static int expand(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	int64_t capacity_bytes;
	if (csi_client_expand_volume(client, call->volume, call->bytes, &capacity_bytes, st) < 0)
		return -1;
	*ret_answer = memory_printf("%lld", (long long)capacity_bytes);
	return 0;
}

static int modify(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	struct string_pair parameters[PARAMETERS_MAX];
	size_t count = 0;
	for (const char *const *at = call->parameters; *at; at += 2)
		parameters[count++] = (struct string_pair){at[0], at[1]};
	if (csi_client_modify_volume(client, call->volume, parameters, count, st) < 0)
		return -1;
	*ret_answer = memory_strdup("modified");
	return 0;
}

/* The first parameter is the node. */
static int attach(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	if (csi_client_attach_volume(client, call->volume, call->parameters[0], st) < 0)
		return -1;
	*ret_answer = memory_strdup("published");
	return 0;
}

static int detach(struct csi_client *client, const struct call *call, char **ret_answer, struct status *st)
{
	if (csi_client_detach_volume(client, call->volume, call->parameters[0], st) < 0)
		return -1;
	*ret_answer = memory_strdup("unpublished");
	return 0;
}

const struct call neighbour = {create, "neighbour", NULL, 512};
const char *const neighbour_lines[] = {
	".csicore/volumes/neighbour {neighbour srv#share#neighbour## neighbour 512}\n",
	"neighbour/\n",
	"neighbour/data \"kept\"\n",
};

/* ---- the states */

static void plant_garbled_record(const char *share)
{
	share_plant_file(share, ".csicore/volumes/pvc-1", "garbled");
}

static void plant_directory(const char *share)
{
	share_plant_file(share, "ns/claim/data", "found");
}

static void remove_old_directory(const char *share)
{
	share_remove_dir(share, "old");
}

static void fill_volume(const char *share)
{
	share_plant_file(share, "pvc-1/a/b/data", "x");
	share_plant_file(share, "pvc-1/a/data", "x");
	share_plant_symlink(share, "pvc-1/link", "../neighbour");
}

static void fill_nested_volume(const char *share)
{
	share_plant_file(share, "ns/claim/data", "x");
}

static void fill_and_plant_archive(const char *share)
{
	fill_nested_volume(share);
	share_plant_file(share, "archived-ns/claim/data", "earlier");
}

static void plant_volume_without_record(const char *share)
{
	share_plant_file(share, "pv/a/data", "x");
}

#define CREATE(volume, ...) \
	{ \
		create, volume, PARAMETERS(__VA_ARGS__), 1024 \
	}
#define CREATE_PLAIN(volume) \
	{ \
		create, volume, NULL, 1024 \
	}
#define DELETE(id) \
	{ \
		delete, id, NULL, 0 \
	}

#define EXPAND(id, bytes) \
	{ \
		expand, id, NULL, bytes \
	}
#define MODIFY(id, ...) \
	{ \
		modify, id, PARAMETERS(__VA_ARGS__), 0 \
	}
#define ATTACH(id, node) \
	{ \
		attach, id, PARAMETERS(node), 0 \
	}
#define DETACH(id, node) \
	{ \
		detach, id, PARAMETERS(node), 0 \
	}

#define RECORD(name, id, directory) ".csicore/volumes/" name " {" name " " id " " directory " 1024}\n"
#define PLAIN_RECORD RECORD("pvc-1", "srv#share#pvc-1##", "pvc-1")
#define NESTED_RECORD RECORD("pvc-1", "srv#share#ns/claim#pvc-1#", "ns/claim")

/* Whether others lie in a volume that had no record is not known. */
#define UNKNOWN_MARK ".csicore/volumes/~shared~pv NO RECORD (0 bytes)\n"

const struct scenario scenarios[] = {
	{.rpc = "CreateVolume",
	 .name = "without subDir",
	 .act = CREATE_PLAIN("pvc-1"),
	 .tree = PLAIN_RECORD "pvc-1/\n"},
	{.rpc = "CreateVolume",
	 .name = "on a share that is used for the first time",
	 .is_first = true,
	 .act = CREATE_PLAIN("pvc-1"),
	 .tree = PLAIN_RECORD "pvc-1/\n"},
	{.rpc = "CreateVolume",
	 .name = "with owner and mode",
	 .act = CREATE("pvc-1", "mountPermissions", "2770", "uid", "1000", "gid", "1001"),
	 .tree = PLAIN_RECORD "pvc-1/ 2770 1000:1001\n"},
	{.rpc = "CreateVolume",
	 .name = "below parents that are missing",
	 .act = CREATE("pvc-1", "subDir", "ns/of/claim", "mountPermissions", "0700"),
	 .tree = RECORD("pvc-1", "srv#share#ns/of/claim#pvc-1#", "ns/of/claim") "ns/\nns/of/\nns/of/claim/ 0700\n"},
	{.rpc = "CreateVolume",
	 .name = "in a directory that was there",
	 .plant = plant_directory,
	 .act = CREATE("pvc-1", "subDir", "ns/claim", "mountPermissions", "0750", "gid", "1001"),
	 .tree = NESTED_RECORD "ns/\nns/claim/ 0750 0:1001\nns/claim/data \"found\"\n"},
	{.rpc = "CreateVolume",
	 .name = "over a record that was cut short",
	 .plant = plant_garbled_record,
	 .act = CREATE_PLAIN("pvc-1"),
	 .tree = PLAIN_RECORD "pvc-1/\n"},
	{.rpc = "CreateVolume",
	 .name = "over the record of a directory that is gone",
	 .steps = {CREATE("pvc-1", "subDir", "old")},
	 .change = remove_old_directory,
	 .act = CREATE("pvc-1", "subDir", "new"),
	 .tree = RECORD("pvc-1", "srv#share#new#pvc-1#", "new") "new/\n"},
	{.rpc = "CreateVolume",
	 .name = "inside of another volume",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .act = CREATE("pvc-2", "subDir", "pvc-1/sub"),
	 .tree = PLAIN_RECORD RECORD(
		 "pvc-2", "srv#share#pvc-1/sub#pvc-2#",
		 "pvc-1/sub") ".csicore/volumes/~shared~pvc-1 NO RECORD (0 bytes)\npvc-1/\npvc-1/sub/\n"},
	{.rpc = "CreateVolume",
	 .name = "and deleted where it would be repeated",
	 .act = CREATE("pvc-1", "subDir", "ns/of/claim"),
	 .instead = DELETE("srv#share#ns/of/claim#pvc-1#"),
	 .tree = ""},
	{.rpc = "DeleteVolume",
	 .name = "with files",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .change = fill_volume,
	 .act = DELETE("srv#share#pvc-1##"),
	 .is_killed_twice = true,
	 .tree = ""},
	{.rpc = "DeleteVolume",
	 .name = "with parents that get empty",
	 .steps = {CREATE("pvc-1", "subDir", "ns/of/claim")},
	 .act = DELETE("srv#share#ns/of/claim#pvc-1#"),
	 .tree = ""},
	{.rpc = "DeleteVolume",
	 .name = "beside another in its parent",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim"), CREATE("pvc-2", "subDir", "ns/other")},
	 .change = fill_nested_volume,
	 .act = DELETE("srv#share#ns/claim#pvc-1#"),
	 .tree = RECORD("pvc-2", "srv#share#ns/other#pvc-2#", "ns/other") "ns/\nns/other/\n"},
	{.rpc = "DeleteVolume",
	 .name = "of a directory that another volume uses",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim"), CREATE("pvc-2", "subDir", "ns/claim")},
	 .change = fill_nested_volume,
	 .act = DELETE("srv#share#ns/claim#pvc-1#"),
	 .tree = RECORD("pvc-2", "srv#share#ns/claim#pvc-2#", "ns/claim") "ns/\nns/claim/\nns/claim/data \"x\"\n"},
	{.rpc = "DeleteVolume",
	 .name = "without a record",
	 .is_first = true,
	 .plant = plant_volume_without_record,
	 .act = DELETE("srv/share/pv"),
	 .tree = ""},
	{.rpc = "DeleteVolume",
	 .name = "into a trash that keeps",
	 .option = "--trash-retention=1h",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim")},
	 .change = fill_nested_volume,
	 .act = DELETE("srv#share#ns/claim#pvc-1#"),
	 .is_killed_twice = true,
	 .tree = ".csicore/trash/pvc-1~*~*/\n.csicore/trash/pvc-1~*~*/data 0644 \"x\"\n"
		 ".csicore/trash/pvc-1~*~*~record {pvc-1 srv#share#ns/claim#pvc-1# ns/claim 1024}\n"},
	{.rpc = "DeleteVolume, archive",
	 .name = "below a parent",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim")},
	 .change = fill_nested_volume,
	 .act = DELETE("srv#share#ns/claim#pvc-1#archive"),
	 .tree = "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data \"x\"\nns/\n"},
	{.rpc = "DeleteVolume, archive",
	 .name = "beside an earlier archive",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim")},
	 .change = fill_and_plant_archive,
	 .act = DELETE("srv#share#ns/claim#pvc-1#archive"),
	 .tree = "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data \"earlier\"\n"
		 "archived-ns/claim-pvc-1/\narchived-ns/claim-pvc-1/data \"x\"\nns/\n"},
	{.rpc = "DeleteVolume, archive",
	 .name = "in place of an earlier archive",
	 .option = "--remove-archived-volume-path",
	 .steps = {CREATE("pvc-1", "subDir", "ns/claim")},
	 .change = fill_and_plant_archive,
	 .act = DELETE("srv#share#ns/claim#pvc-1#archive"),
	 .is_killed_twice = true,
	 .tree = "archived-ns/\narchived-ns/claim/\narchived-ns/claim/data \"x\"\nns/\n"},
	{.rpc = "ControllerExpandVolume",
	 .name = "of a recorded size",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .act = EXPAND("srv#share#pvc-1##", 4096),
	 .is_killed_twice = true,
	 .tree = ".csicore/volumes/pvc-1 {pvc-1 srv#share#pvc-1## pvc-1 4096}\npvc-1/\n"},
	{.rpc = "ControllerExpandVolume",
	 .name = "without a record",
	 .plant = plant_volume_without_record,
	 .is_first = true,
	 .act = EXPAND("srv#share#pv##", 4096),
	 .tree = ".csicore/volumes/pv {pv srv#share#pv## pv 4096}\n" UNKNOWN_MARK "pv/\npv/a/\npv/a/data \"x\"\n"},
	{.rpc = "ControllerModifyVolume",
	 .name = "of owner, mode and policy",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .act = MODIFY("srv#share#pvc-1##", "onDelete", "retain", "mountPermissions", "0750", "gid", "1001"),
	 .is_killed_twice = true,
	 .tree = ".csicore/volumes/pvc-1 {pvc-1 srv#share#pvc-1## pvc-1 1024"
		 " ondelete=retain mountpermissions=0750 gid=1001}\npvc-1/ 0750 0:1001\n"},
	{.rpc = "ControllerModifyVolume",
	 .name = "without a record",
	 .plant = plant_volume_without_record,
	 .is_first = true,
	 .act = MODIFY("srv#share#pv##", "onDelete", "archive"),
	 .tree = ".csicore/volumes/pv {pv srv#share#pv## pv 0 ondelete=archive}\n" UNKNOWN_MARK
		 "pv/\npv/a/\npv/a/data \"x\"\n"},
	{.rpc = "ControllerPublishVolume",
	 .name = "to a single node",
	 .option = "--attach",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .act = ATTACH("srv#share#pvc-1##", "node-1"),
	 .is_killed_twice = true,
	 .tree = ".csicore/attached/pvc-1/ 0700\n.csicore/attached/pvc-1/node-1 {node-1 1}\n"
		 ".csicore/attached/pvc-1/~claim~node-1 NO ATTACHMENT (0 bytes)\n" PLAIN_RECORD "pvc-1/\n"},
	{.rpc = "ControllerPublishVolume",
	 .name = "and unpublished where it would be repeated",
	 .option = "--attach",
	 .steps = {CREATE_PLAIN("pvc-1")},
	 .act = ATTACH("srv#share#pvc-1##", "node-1"),
	 .instead = DETACH("srv#share#pvc-1##", "node-1"),
	 .tree = PLAIN_RECORD "pvc-1/\n"},
	{.rpc = "ControllerUnpublishVolume",
	 .name = "from its node",
	 .option = "--attach",
	 .steps = {CREATE_PLAIN("pvc-1"), ATTACH("srv#share#pvc-1##", "node-1")},
	 .act = DETACH("srv#share#pvc-1##", "node-1"),
	 .is_killed_twice = true,
	 .tree = PLAIN_RECORD "pvc-1/\n"},
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
