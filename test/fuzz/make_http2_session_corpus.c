/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_http2_session_corpus DIR: writes the seeds of fuzz_http2_session, recorded from an nghttp2 client and made by hand.
 * The first byte of each is the behaviour that the fuzz target reads there.
 */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "support/http2_wire.h"

static struct strbuf seed;

static void begin(uint8_t behaviour)
{
	strbuf_clear(&seed);
	(void)strbuf_putc(&seed, (char)behaviour);
}

static void finish(const char *directory, const char *name)
{
	AUTO_FREE char *path = memory_printf("%s/%s", directory, name);
	FILE *file = fopen(path, "we");
	if (!file || fwrite(seed.data, 1, seed.length, file) != seed.length || fclose(file) != 0)
		abort();
}

static ssize_t read_message(nghttp2_session *session, int32_t stream_id, uint8_t *buffer, size_t size, uint32_t *flags,
			    nghttp2_data_source *source, void *user)
{
	memset(buffer, 0, 200);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return 200;
}

/* What a proper client sends for some calls, Huffman codes and dynamic table included. */
static void record_client(int calls)
{
#define FIELD(name_, value_) \
	{ \
		(uint8_t *)(name_), (uint8_t *)(value_), sizeof(name_) - 1, sizeof(value_) - 1, 0 \
	}
	const nghttp2_nv fields[] = {FIELD(":method", "POST"),
				     FIELD(":scheme", "http"),
				     FIELD(":path", "/csi.v1.Identity/Probe"),
				     FIELD(":authority", "localhost"),
				     FIELD("content-type", "application/grpc"),
				     FIELD("te", "trailers"),
				     FIELD("grpc-timeout", "5S")};
#undef FIELD
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_session *client = NULL;
	if (nghttp2_session_callbacks_new(&callbacks) != 0 ||
	    nghttp2_session_client_new(&client, callbacks, NULL) != 0 ||
	    nghttp2_submit_settings(client, 0, NULL, 0) != 0)
		abort();
	const nghttp2_data_provider body = {.read_callback = read_message};
	for (int i = 0; i < calls; i++)
		if (nghttp2_submit_request(client, NULL, fields, sizeof(fields) / sizeof(fields[0]), &body, NULL) < 0)
			abort();
	const uint8_t *bytes = NULL;
	ssize_t count;
	while ((count = nghttp2_session_mem_send(client, &bytes)) > 0)
		(void)strbuf_append(&seed, bytes, (size_t)count);
	nghttp2_session_del(client);
	nghttp2_session_callbacks_del(callbacks);
}

static void put_every_frame(void)
{
	static const struct wire_field trailers[] = {{"a", "b"}, {NULL, NULL}};
	wire_put_preface(&seed);
	wire_put_frame(&seed, WIRE_SETTINGS, WIRE_ACK, 0, NULL, 0);
	wire_put_number(&seed, WIRE_WINDOW_UPDATE, 0, 100000);
	wire_put_post(&seed, 1, "/a.B/C");
	wire_put_number(&seed, WIRE_WINDOW_UPDATE, 1, 1000);
	wire_put_frame(&seed, WIRE_PRIORITY, 0, 1, "\0\0\0\0\x10", 5);
	wire_put_frame(&seed, WIRE_DATA, WIRE_PADDED, 1, "\x02xyz\0\0", 6);
	wire_put_frame(&seed, WIRE_PING, 0, 0, "12345678", 8);
	wire_put_headers(&seed, WIRE_END_STREAM, 1, trailers);
	wire_put_post(&seed, 3, "/a.B/D");
	wire_put_number(&seed, WIRE_RST_STREAM, 3, 8);
	wire_put_frame(&seed, WIRE_HEADERS, 0, 5, "\x83\x86", 2);
	wire_put_frame(&seed, WIRE_CONTINUATION, WIRE_END_HEADERS, 5, "\x84", 1);
	wire_put_frame(&seed, WIRE_DATA, WIRE_END_STREAM, 5, "\0\0\0\0\0", 5);
	wire_put_frame(&seed, 0x20, 0, 0, "unknown", 7);
	wire_put_frame(&seed, WIRE_GOAWAY, 0, 0, "\0\0\0\0\0\0\0\0", 8);
}

static void put_large_body(void)
{
	static const struct wire_field fields[] = {{":method", "POST"}, {":scheme", "http"},      {":path", "/"},
						   {"host", "h"},       {"content-length", "90"}, {NULL, NULL}};
	wire_put_preface(&seed);
	wire_put_headers(&seed, 0, 1, fields);
	for (int i = 0; i < 9; i++)
		wire_put_frame(&seed, WIRE_DATA, i == 8 ? WIRE_END_STREAM : 0, 1, "0123456789", 10);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	strbuf_init(&seed, 1 << 20);
	begin(1);
	record_client(1);
	finish(argv[1], "one-call");
	begin(2 + 8);
	record_client(3);
	finish(argv[1], "three-calls-large-replies");
	begin(4 + 2 + 64);
	put_every_frame();
	finish(argv[1], "every-frame");
	begin(16);
	put_large_body();
	finish(argv[1], "body-over-the-cap");
	begin(128 + 32 + 1);
	record_client(2);
	finish(argv[1], "shutdown");
	strbuf_release(&seed);
	return 0;
}
