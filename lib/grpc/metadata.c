/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/metadata.h"

#include <string.h>
#include <strings.h>

#include "base/status.h"
#include "base/utf8.h"

#define CONTENT_TYPE "application/grpc"
#define TIMEOUT_DIGITS_MAX 8

bool grpc_content_type_is_valid(const char *content_type)
{
	size_t length = sizeof(CONTENT_TYPE) - 1;

	if (strncasecmp(content_type, CONTENT_TYPE, length) != 0)
		return false;
	return content_type[length] == '\0' || content_type[length] == '+' || content_type[length] == ';';
}

static const struct timeout_unit {
	char letter;
	int64_t multiplier, divisor; /* to milliseconds */
} timeout_units[] = {
	{'H', 3600000, 1}, {'M', 60000, 1}, {'S', 1000, 1}, {'m', 1, 1}, {'u', 1, 1000}, {'n', 1, 1000000},
};

int grpc_timeout_parse(const char *text, int64_t *ret_ms)
{
	int64_t number = 0;
	size_t digits = 0;

	for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
		if (digits == TIMEOUT_DIGITS_MAX)
			return -1;
		number = number * 10 + (text[digits] - '0');
	}
	if (digits == 0 || text[digits] == '\0' || text[digits + 1] != '\0')
		return -1;
	for (size_t i = 0; i < sizeof(timeout_units) / sizeof(timeout_units[0]); i++) {
		const struct timeout_unit *unit = &timeout_units[i];

		if (text[digits] != unit->letter)
			continue;
		int64_t ms = (number * unit->multiplier + unit->divisor - 1) / unit->divisor;

		*ret_ms = ms < GRPC_TIMEOUT_MS_MAX ? ms : GRPC_TIMEOUT_MS_MAX;
		return 0;
	}
	return -1;
}

static const struct grpc_service *find_service(const struct grpc_service *const *services, size_t count,
					       const char *name, size_t name_length)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(services[i]->name, name, name_length) == 0 && services[i]->name[name_length] == '\0')
			return services[i];
	}
	return NULL;
}

int grpc_method_find(const struct grpc_service *const *services, size_t count, const char *path,
		     const struct grpc_method **ret_method, struct status *st)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/' || slash == path)
		return status_set(st, STATUS_UNIMPLEMENTED, "malformed method name: \"%.256s\"", path);
	const char *name = path + 1;
	size_t name_length = (size_t)(slash - name);
	const struct grpc_service *service = find_service(services, count, name, name_length);

	if (!service)
		return status_set(st, STATUS_UNIMPLEMENTED, "unknown service %.*s",
				  name_length < 256 ? (int)name_length : 256, name);
	for (size_t i = 0; i < service->method_count; i++) {
		if (strcmp(service->methods[i].name, slash + 1) == 0) {
			*ret_method = &service->methods[i];
			return 0;
		}
	}
	return status_set(st, STATUS_UNIMPLEMENTED, "unknown method %.256s for service %s", slash + 1, service->name);
}

/* One character of the message as it goes out; returns its length, 12 at most. */
static size_t encode_character(const char *character, size_t length, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)character[i];

		if (byte >= 0x20 && byte <= 0x7E && byte != '%') {
			out[written++] = (char)byte;
		} else {
			out[written++] = '%';
			out[written++] = hex[byte >> 4];
			out[written++] = hex[byte & 0xF];
		}
	}
	return written;
}

void grpc_message_encode(const char *message, char *out, size_t size)
{
	size_t length = strlen(message);
	size_t written = 0;

	for (size_t at = 0; at < length;) {
		char encoded[12];
		size_t step = utf8_character(message + at, length - at);
		size_t encoded_length = step > 0 ? encode_character(message + at, step, encoded)
						 : encode_character(UTF8_REPLACEMENT, UTF8_REPLACEMENT_BYTES, encoded);

		if (written + encoded_length >= size)
			break;
		memcpy(out + written, encoded, encoded_length);
		written += encoded_length;
		at += step > 0 ? step : 1;
	}
	out[written] = '\0';
}

const char *grpc_status_text(int code)
{
	static const char *const texts[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
					    "9", "10", "11", "12", "13", "14", "15", "16"};

	return code >= 0 && (size_t)code < sizeof(texts) / sizeof(texts[0]) ? texts[code] : "2";
}
