/* SPDX-License-Identifier: Apache-2.0 */
#include "csi/record.h"

#include <string.h>

#include "base/arena.h"
#include "base/path.h"
#include "support/cmocka.h"

static struct arena arena;

static int with_arena(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int without_arena(void **state)
{
	arena_release(&arena);
	return 0;
}

static const uint8_t *sample(size_t *ret_length)
{
	static char *flags[] = {(char *)"nfsvers=4.1", (char *)"hard"};
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	record.name = (char *)"pvc-1";
	record.volume_id = (char *)"srv#share#pvc-1##";
	record.sub_dir = (char *)"pvc-1";
	record.capacity_bytes = 10LL << 30;
	record.created_at = 1700000000;
	record.mount_flags = flags;
	record.n_mount_flags = 2;
	return record_encode(&arena, &record, ret_length);
}

static void record_comes_back_as_it_went(void **state)
{
	size_t length;
	const uint8_t *bytes = sample(&length);
	Csicore__VolumeRecord *record = record_decode(&arena, bytes, length);
	assert_non_null(record);
	assert_string_equal(record->name, "pvc-1");
	assert_string_equal(record->volume_id, "srv#share#pvc-1##");
	assert_string_equal(record->sub_dir, "pvc-1");
	assert_int_equal(record->capacity_bytes, 10LL << 30);
	assert_int_equal(record->created_at, 1700000000);
	assert_int_equal(record->n_mount_flags, 2);
	assert_string_equal(record->mount_flags[1], "hard");
}

static void journal_of_a_job_is_no_volumes_record(void **state)
{
	size_t length;
	Csicore__JobRecord job = CSICORE__JOB_RECORD__INIT;
	job.kind = (char *)"archive";
	job.volume_id = (char *)"srv#share#pvc-1##archive";
	job.directory_id = UINT64_MAX;
	job.renewals = 7;
	const uint8_t *bytes = job_record_encode(&arena, &job, &length);
	assert_null(record_decode(&arena, bytes, length));
	Csicore__JobRecord *again = job_record_decode(&arena, bytes, length);
	assert_non_null(again);
	assert_string_equal(again->kind, "archive");
	assert_string_equal(again->volume_id, "srv#share#pvc-1##archive");
	assert_true(again->directory_id == UINT64_MAX);
	assert_int_equal(again->renewals, 7);
	bytes = sample(&length);
	assert_null(job_record_decode(&arena, bytes, length));
}

static void attachment_is_a_record_of_its_own_kind(void **state)
{
	size_t length;
	Csicore__AttachmentRecord attachment = CSICORE__ATTACHMENT_RECORD__INIT;
	attachment.node_id = (char *)"node-1";
	attachment.access_mode = 5;
	attachment.is_read_only = true;
	const uint8_t *bytes = attachment_record_encode(&arena, &attachment, &length);
	assert_null(record_decode(&arena, bytes, length));
	assert_null(attachment_record_decode(&arena, bytes, length - 1));
	Csicore__AttachmentRecord *again = attachment_record_decode(&arena, bytes, length);
	assert_non_null(again);
	assert_string_equal(again->node_id, "node-1");
	assert_int_equal(again->access_mode, 5);
	assert_true(again->is_read_only);
	bytes = sample(&length);
	assert_null(attachment_record_decode(&arena, bytes, length));
}

static void record_cut_anywhere_is_no_record(void **state)
{
	size_t length;
	const uint8_t *bytes = sample(&length);
	for (size_t cut = 0; cut < length; cut++)
		assert_null(record_decode(&arena, bytes, cut));
}

static void record_with_any_bit_changed_is_no_record(void **state)
{
	size_t length;
	const uint8_t *original = sample(&length);
	uint8_t *bytes = arena_memdup(&arena, original, length);
	for (size_t bit = 0; bit < length * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_null(record_decode(&arena, bytes, length));
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_non_null(record_decode(&arena, bytes, length));
}

static void record_with_a_tail_is_no_record(void **state)
{
	size_t length;
	const uint8_t *bytes = sample(&length);
	uint8_t *longer = arena_calloc(&arena, length + 1, 1);
	memcpy(longer, bytes, length);
	assert_null(record_decode(&arena, longer, length + 1));
}

static void fields_of_a_later_version_survive_a_rewrite(void **state)
{
	static uint8_t later[] = {0xfa, 0x06, 0x03, 'n', 'e', 'w'}; /* field 111, a string; as the parser keeps it */
	ProtobufCMessageUnknownField unknown = {111, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, 4, later + 2};
	Csicore__VolumeRecord record = CSICORE__VOLUME_RECORD__INIT;
	record.name = (char *)"pvc-1";
	record.base.unknown_fields = &unknown;
	record.base.n_unknown_fields = 1;
	size_t length;
	const uint8_t *bytes = record_encode(&arena, &record, &length);

	Csicore__VolumeRecord *read = record_decode(&arena, bytes, length);
	assert_non_null(read);
	read->capacity_bytes = 5;
	bytes = record_encode(&arena, read, &length);
	read = record_decode(&arena, bytes, length);
	assert_non_null(read);
	assert_int_equal(read->capacity_bytes, 5);
	assert_int_equal(read->base.n_unknown_fields, 1);
	assert_int_equal(read->base.unknown_fields[0].tag, 111);
	assert_int_equal(read->base.unknown_fields[0].len, 4);
	assert_memory_equal(read->base.unknown_fields[0].data, later + 2, 4);
}

static void plain_names_are_their_own_file_names(void **state)
{
	assert_string_equal(record_file_name(&arena, "pvc-0a1B_.x"), "pvc-0a1B_.x");
}

static void other_bytes_are_escaped(void **state)
{
	assert_string_equal(record_file_name(&arena, ".hidden"), "%2Ehidden");
	assert_string_equal(record_file_name(&arena, ".."), "%2E.");
	assert_string_equal(record_file_name(&arena, "a/b"), "a%2Fb");
	assert_string_equal(record_file_name(&arena, "50%"), "50%25");
	assert_string_equal(record_file_name(&arena, "~x=\xc3\xa9"), "%7Ex%3D%C3%A9");
}

static void longest_names_still_fit_and_differ(void **state)
{
	char first[RECORD_VOLUME_NAME_MAX + 1], second[RECORD_VOLUME_NAME_MAX + 1];
	memset(first, '/', RECORD_VOLUME_NAME_MAX);
	first[RECORD_VOLUME_NAME_MAX] = '\0';
	memcpy(second, first, sizeof(first));
	second[RECORD_VOLUME_NAME_MAX - 1] = '%';
	const char *first_file = record_file_name(&arena, first);
	const char *second_file = record_file_name(&arena, second);
	assert_true(path_is_name(first_file));
	assert_int_equal(strlen(first_file), 206);
	assert_int_equal(first_file[0], '=');
	assert_string_not_equal(first_file, second_file);
	memset(first, 'a', RECORD_VOLUME_NAME_MAX);
	assert_string_equal(record_file_name(&arena, first), first);
}

static void base32_is_injective_in_every_byte(void **state)
{
	char name[RECORD_VOLUME_NAME_MAX + 1];
	memset(name, '#', RECORD_VOLUME_NAME_MAX);
	name[RECORD_VOLUME_NAME_MAX] = '\0';
	const char *file = record_file_name(&arena, name);
	for (size_t i = 0; i < RECORD_VOLUME_NAME_MAX; i++) {
		name[i] ^= 1;
		assert_string_not_equal(record_file_name(&arena, name), file);
		name[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_comes_back_as_it_went),
		cmocka_unit_test(journal_of_a_job_is_no_volumes_record),
		cmocka_unit_test(attachment_is_a_record_of_its_own_kind),
		cmocka_unit_test(record_cut_anywhere_is_no_record),
		cmocka_unit_test(record_with_any_bit_changed_is_no_record),
		cmocka_unit_test(record_with_a_tail_is_no_record),
		cmocka_unit_test(fields_of_a_later_version_survive_a_rewrite),
		cmocka_unit_test(plain_names_are_their_own_file_names),
		cmocka_unit_test(other_bytes_are_escaped),
		cmocka_unit_test(longest_names_still_fit_and_differ),
		cmocka_unit_test(base32_is_injective_in_every_byte),
	};
	return cmocka_run_group_tests(tests, with_arena, without_arena);
}
