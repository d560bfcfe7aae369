/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probe calls over one HTTP/2 connection, a fixed number of them in flight.  Cheap enough that the server under load is
 * what limits, also where both share two cores.
 */
#ifndef CSICORE_TEST_BENCH_WIRE_PROBE_LOAD_H
#define CSICORE_TEST_BENCH_WIRE_PROBE_LOAD_H

struct status;

/*
 * Connects to the socket, waits for the server's SETTINGS as grpc-go does, makes call_count calls with in_flight of them at
 * once, closes with GOAWAY.  -1 where the server cannot be reached, or where a call did not end with grpc-status 0 and a
 * message.
 */
int probe_load_run(const char *socket_path, int call_count, int in_flight, struct status *st);

#endif
