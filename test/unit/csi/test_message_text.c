/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/message_text.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "csi.pb-c.h"
#include "support/cmocka.h"

#define BAD "caf\xE9" /* Latin-1, as a server may send it */
#define REPAIRED "caf" UTF8_REPLACEMENT

static int setup(void **state)
{
	static struct arena arena;

	arena_init(&arena, 1 << 20);
	*state = &arena;
	return 0;
}

static int teardown(void **state)
{
	arena_release(*state);
	return 0;
}

static void a_good_string_keeps_its_place(void **state)
{
	char name[] = "caf\xC3\xA9";
	Csi__V1__GetPluginInfoResponse message = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;

	message.name = name;
	message_text_repair(&message.base, *state);
	assert_ptr_equal(message.name, name);
}

static void a_bad_string_becomes_a_copy_and_stays_itself(void **state)
{
	char name[] = BAD;
	Csi__V1__GetPluginInfoResponse message = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;

	message.name = name;
	message_text_repair(&message.base, *state);
	assert_string_equal(message.name, REPAIRED);
	assert_string_equal(name, BAD);
}

static void maps_lists_and_messages_are_walked(void **state)
{
	Csi__V1__Volume__VolumeContextEntry entry = CSI__V1__VOLUME__VOLUME_CONTEXT_ENTRY__INIT;
	Csi__V1__Volume__VolumeContextEntry *entries[] = {&entry};
	Csi__V1__Volume volume = CSI__V1__VOLUME__INIT;
	Csi__V1__ListVolumesResponse__Entry list_entry = CSI__V1__LIST_VOLUMES_RESPONSE__ENTRY__INIT;
	Csi__V1__ListVolumesResponse__Entry *list[] = {&list_entry};
	Csi__V1__ListVolumesResponse message = CSI__V1__LIST_VOLUMES_RESPONSE__INIT;

	entry.key = (char *)BAD;
	entry.value = (char *)"fine";
	volume.volume_context = entries;
	volume.n_volume_context = 1;
	list_entry.volume = &volume;
	message.entries = list;
	message.n_entries = 1;
	message.next_token = NULL;
	message_text_repair(&message.base, *state);
	assert_string_equal(entry.key, REPAIRED);
	assert_string_equal(entry.value, "fine");
}

static void only_the_oneof_member_in_force_is_looked_at(void **state)
{
	Csi__V1__VolumeContentSource source = CSI__V1__VOLUME_CONTENT_SOURCE__INIT;
	Csi__V1__VolumeContentSource__VolumeSource volume = CSI__V1__VOLUME_CONTENT_SOURCE__VOLUME_SOURCE__INIT;

	source.volume = (void *)1; /* no case is set, so nobody may follow it */
	message_text_repair(&source.base, *state);
	volume.volume_id = (char *)BAD;
	source.type_case = CSI__V1__VOLUME_CONTENT_SOURCE__TYPE_VOLUME;
	source.volume = &volume;
	message_text_repair(&source.base, *state);
	assert_string_equal(volume.volume_id, REPAIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_string_keeps_its_place),
		cmocka_unit_test(a_bad_string_becomes_a_copy_and_stays_itself),
		cmocka_unit_test(maps_lists_and_messages_are_walked),
		cmocka_unit_test(only_the_oneof_member_in_force_is_looked_at),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
