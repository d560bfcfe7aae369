/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for header fields of RFC 9113 section 8.2 and 8.3, but for the form of :authority. */
#include "http2/header_block.h"

#include <nghttp2/nghttp2.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/parse.h"
#include "http2/session.h"

#define FIELD_OVERHEAD_BYTES 32 /* RFC 9113 6.5.2 */
#define TEXT_KEEP_BYTES 2048    /* a larger text is not kept for the next block: idle connections stay small */

enum rule { RULE_NONE, RULE_FORBIDDEN, RULE_TE, RULE_HOST, RULE_CONTENT_LENGTH };

struct special_field {
	const char *name;
	size_t length;
	enum rule rule;
};

#define SPECIAL(name_, rule_) \
	{ \
		(name_), sizeof(name_) - 1, (rule_) \
	}

/* Connection-specific fields (RFC 9113 8.2.2) and those with a rule of their own. */
static const struct special_field SPECIAL_FIELDS[] = {
	SPECIAL("te", RULE_TE),
	SPECIAL("host", RULE_HOST),
	SPECIAL("content-length", RULE_CONTENT_LENGTH),
	SPECIAL("connection", RULE_FORBIDDEN),
	SPECIAL("keep-alive", RULE_FORBIDDEN),
	SPECIAL("proxy-connection", RULE_FORBIDDEN),
	SPECIAL("transfer-encoding", RULE_FORBIDDEN),
	SPECIAL("upgrade", RULE_FORBIDDEN),
};

/* What a request may have; :status and :protocol are as unknown as any other. */
static const struct {
	const char *name;
	size_t length;
} PSEUDO_FIELDS[HEADER_BLOCK_PSEUDO_COUNT] = {
	[HEADER_BLOCK_METHOD] = {":method", 7},
	[HEADER_BLOCK_SCHEME] = {":scheme", 7},
	[HEADER_BLOCK_PATH] = {":path", 5},
	[HEADER_BLOCK_AUTHORITY] = {":authority", 10},
};

void header_block_init(struct header_block *block, size_t limit_bytes)
{
	*block = (struct header_block){.limit_bytes = limit_bytes, .content_length = -1};
	/* The 32 bytes that each field counts leave room for its two NULs, so text never meets its cap. */
	strbuf_init(&block->text, limit_bytes);
}

void header_block_release(struct header_block *block)
{
	strbuf_release(&block->text);
}

void header_block_begin(struct header_block *block, bool is_trailers)
{
	struct strbuf text = block->text;
	*block = (struct header_block){
		.text = text, .limit_bytes = block->limit_bytes, .content_length = -1, .is_trailers = is_trailers};
	strbuf_clear(&block->text);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9113 8.2.1: no NUL, CR, LF anywhere, no white space at the ends. */
static bool is_value(const uint8_t *value, size_t length)
{
	if (length > 0 && (is_space(value[0]) || is_space(value[length - 1])))
		return false;
	for (size_t i = 0; i < length; i++)
		if (value[i] == '\0' || value[i] == '\r' || value[i] == '\n')
			return false;
	return true;
}

static bool is_printable(const uint8_t *value, size_t length, uint8_t lowest)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] < lowest || value[i] == 0x7f)
			return false;
	return true;
}

/* RFC 3986 3.1 */
static bool is_scheme(const uint8_t *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_letter = (value[i] | 0x20) >= 'a' && (value[i] | 0x20) <= 'z';
		bool is_other =
			(value[i] >= '0' && value[i] <= '9') || value[i] == '+' || value[i] == '-' || value[i] == '.';
		if (!is_letter && (i == 0 || !is_other))
			return false;
	}
	return length > 0;
}

static bool is_pseudo_value(enum header_block_pseudo which, const uint8_t *value, size_t length)
{
	switch (which) {
	case HEADER_BLOCK_METHOD:
		return length > 0 && nghttp2_check_method(value, length);
	case HEADER_BLOCK_SCHEME:
		return is_scheme(value, length);
	case HEADER_BLOCK_PATH:
		return length > 0 && is_printable(value, length, '!');
	default: /* an authority is a name, a socket's path, or nothing: it only names who was asked */
		return is_printable(value, length, ' ');
	}
}

static void keep(struct header_block *block, const uint8_t *bytes, size_t length)
{
	(void)strbuf_append(&block->text, bytes, length); /* fits: see header_block_init() */
	(void)strbuf_putc(&block->text, '\0');
}

static enum header_block_verdict add_pseudo(struct header_block *block, const uint8_t *name, size_t name_length,
					    const uint8_t *value, size_t value_length)
{
	if (block->is_trailers || block->regular_count > 0)
		return HEADER_BLOCK_MALFORMED;
	for (int i = 0; i < HEADER_BLOCK_PSEUDO_COUNT; i++) {
		if (PSEUDO_FIELDS[i].length != name_length || memcmp(PSEUDO_FIELDS[i].name, name, name_length) != 0)
			continue;
		if (block->pseudo_at[i] != 0 || !is_pseudo_value(i, value, value_length))
			return HEADER_BLOCK_MALFORMED;
		block->pseudo_at[i] = block->text.length + 1;
		keep(block, value, value_length);
		block->regular_begin = block->text.length;
		return HEADER_BLOCK_OK;
	}
	return HEADER_BLOCK_MALFORMED;
}

static enum rule rule_of(const uint8_t *name, size_t length)
{
	for (size_t i = 0; i < sizeof(SPECIAL_FIELDS) / sizeof(SPECIAL_FIELDS[0]); i++)
		if (SPECIAL_FIELDS[i].length == length && memcmp(SPECIAL_FIELDS[i].name, name, length) == 0)
			return SPECIAL_FIELDS[i].rule;
	return RULE_NONE;
}

static bool parse_content_length(struct header_block *block, const uint8_t *value, size_t length)
{
	char text[24] = {0};
	uint64_t number;
	if (block->is_trailers || block->content_length >= 0 || length >= sizeof(text))
		return false;
	memcpy(text, value, length);
	if (parse_u64(text, 10, INT64_MAX, &number) < 0)
		return false;
	block->content_length = (int64_t)number;
	return true;
}

static bool obeys_rule(struct header_block *block, enum rule rule, const uint8_t *value, size_t length)
{
	switch (rule) {
	case RULE_FORBIDDEN:
		return false;
	case RULE_TE:
		return length == 8 && strncasecmp((const char *)value, "trailers", 8) == 0;
	case RULE_CONTENT_LENGTH:
		return parse_content_length(block, value, length);
	case RULE_HOST: {
		bool is_first = !block->has_host;
		block->has_host = true;
		return is_first;
	}
	default:
		return true;
	}
}

enum header_block_verdict header_block_add(struct header_block *block, const uint8_t *name, size_t name_length,
					   const uint8_t *value, size_t value_length)
{
	size_t room = block->limit_bytes - block->list_bytes;
	if (room < FIELD_OVERHEAD_BYTES || name_length > room - FIELD_OVERHEAD_BYTES ||
	    value_length > room - FIELD_OVERHEAD_BYTES - name_length)
		return HEADER_BLOCK_TOO_LARGE;
	block->list_bytes += name_length + value_length + FIELD_OVERHEAD_BYTES;
	if (!nghttp2_check_header_name(name, name_length) || !is_value(value, value_length))
		return HEADER_BLOCK_MALFORMED;
	if (name[0] == ':')
		return add_pseudo(block, name, name_length, value, value_length);
	if (!obeys_rule(block, rule_of(name, name_length), value, value_length))
		return HEADER_BLOCK_MALFORMED;
	block->regular_count++;
	if (!block->is_trailers) {
		keep(block, name, name_length);
		keep(block, value, value_length);
	}
	return HEADER_BLOCK_OK;
}

/* A request is one piece of memory: itself, its array of headers, their text. */
struct request_memory {
	struct http2_request request;
	struct http2_header headers[];
};

static char *next_text(char **at)
{
	char *text = *at;
	*at += strlen(text) + 1;
	return text;
}

static void point_headers(struct http2_request *request, char *at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		request->headers[i].name = next_text(&at);
		request->headers[i].value = next_text(&at);
		if (!request->authority && strcmp(request->headers[i].name, "host") == 0)
			request->authority = (char *)request->headers[i].value;
	}
}

struct http2_request *header_block_finish(struct header_block *block, size_t body_limit_bytes)
{
	if (block->pseudo_at[HEADER_BLOCK_METHOD] == 0 || block->pseudo_at[HEADER_BLOCK_SCHEME] == 0 ||
	    block->pseudo_at[HEADER_BLOCK_PATH] == 0)
		return NULL;
	size_t headers_bytes = block->regular_count * sizeof(struct http2_header);
	struct request_memory *memory = memory_alloc(sizeof(*memory) + headers_bytes + block->text.length);
	char *text = (char *)memory + sizeof(*memory) + headers_bytes;
	memcpy(text, block->text.data, block->text.length);
	size_t authority_at = block->pseudo_at[HEADER_BLOCK_AUTHORITY];
	memory->request = (struct http2_request){
		.method = text + block->pseudo_at[HEADER_BLOCK_METHOD] - 1,
		.path = text + block->pseudo_at[HEADER_BLOCK_PATH] - 1,
		.authority = authority_at != 0 ? text + authority_at - 1 : NULL,
		.headers = memory->headers,
		.header_count = block->regular_count,
	};
	strbuf_init(&memory->request.body, body_limit_bytes);
	point_headers(&memory->request, text + block->regular_begin, block->regular_count);
	if (block->text.capacity > TEXT_KEEP_BYTES)
		strbuf_release(&block->text);
	return &memory->request;
}

void http2_request_free(struct http2_request *request)
{
	if (!request)
		return;
	strbuf_release(&request->body);
	free(request); /* the first member of its struct request_memory */
}

const char *http2_request_header(const struct http2_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}
