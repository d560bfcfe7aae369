# SPDX-License-Identifier: Apache-2.0
"""Drives the echo server with grpcio, that is grpc-core, which C++, Ruby and PHP clients are made of too.

    client.py SOCKET      prints a line for each check and a count; fails where one fails
"""

import os
import random
import sys
import traceback

import grpc

SERVICE = "/csicore.test.Echo/"
MESSAGE_LIMIT = 4 << 20
CALL_TIMEOUT = 30


def varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def bytes_value(payload):
    return b"\x0a" + varint(len(payload)) + payload if payload else b""


def uint64_value(number):
    return b"\x08" + varint(number) if number else b""


def fail_request(code, message):
    text = message.encode()
    return b"\x08" + varint(code) + b"\x12" + varint(len(text)) + text


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Client:
    def __init__(self, socket, options=()):
        self.socket = socket
        # A channel of its own, not one shared behind the scenes with others of the same target.
        self.channel = grpc.insecure_channel(
            "unix:" + socket, options=[("grpc.use_local_subchannel_pool", 1), *options])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def start(self, method, request, timeout=CALL_TIMEOUT, **options):
        path = method if method.startswith("/") else SERVICE + method
        return self.channel.unary_unary(path).future(request, timeout=timeout, **options)

    def call(self, method, request, **options):
        return self.start(method, request, **options).result()

    def echo(self, method, size, **options):
        request = bytes_value(random.Random(size).randbytes(size))
        expect(self.call(method, request, **options) == request, f"{size} bytes came back changed")

    def expect_code(self, call, *codes):
        try:
            call.result()
            raise AssertionError(f"the call succeeded, wanted {codes}")
        except grpc.RpcError as error:
            expect(error.code() in codes, f"wanted {codes}, got {error.code()}: {error.details()}")
        except grpc.FutureCancelledError:
            expect(grpc.StatusCode.CANCELLED in codes, f"wanted {codes}, got CANCELLED")


def echoes_of_every_size(client):
    for method in ("Echo", "EchoWorker"):
        for size in (0, 1, 16384, 65535, 65536 + 1, MESSAGE_LIMIT - 5):
            client.echo(method, size)


def message_over_the_limit_is_refused(client):
    request = bytes_value(bytes(MESSAGE_LIMIT - 5 + 1))
    client.expect_code(client.start("Echo", request), grpc.StatusCode.RESOURCE_EXHAUSTED)
    client.echo("Echo", 1)


def big_reply(client):
    for size in (1, 65536 + 1, MESSAGE_LIMIT - 5):
        reply = client.call("Big", uint64_value(size))
        expect(len(reply) == len(bytes_value(bytes(size))), f"{len(reply)} bytes for {size}")


def hundred_calls_at_once(client):
    for method in ("Echo", "EchoWorker"):
        requests = [bytes_value(random.Random(i).randbytes(1 + i * 700)) for i in range(100)]
        calls = [client.start(method, request) for request in requests]
        for call, request in zip(calls, requests):
            expect(call.result() == request, "another call's bytes came back")


def deadline_passes(client):
    # Both ends' clocks run out: whichever is first, the client must hear of the deadline, not of a reset stream.
    calls = [client.start("Sleep", uint64_value(600_000), timeout=0.05) for _ in range(20)]
    for call in calls:
        client.expect_code(call, grpc.StatusCode.DEADLINE_EXCEEDED)
    client.echo("EchoWorker", 1)


def cancelled_calls_free_the_server(client):
    for _ in range(20):
        calls = [client.start("Sleep", uint64_value(600_000), timeout=None) for _ in range(10)]
        for call in calls:
            call.cancel()
            client.expect_code(call, grpc.StatusCode.CANCELLED)
    client.echo("EchoWorker", 1)


def unknown_names_are_unimplemented(client):
    for path in (SERVICE + "Nothing", SERVICE + "echo", "/csicore.test.Nothing/Echo", "/csicore.test.Echo/Echo/Echo",
                 "/csicore.test.Echo/", "/", "//"):
        client.expect_code(client.start(path, b""), grpc.StatusCode.UNIMPLEMENTED)


def every_status_code_arrives(client):
    for code in grpc.StatusCode:
        number = code.value[0]
        if number:
            client.expect_code(client.start("Fail", fail_request(number, "because")), code)


def odd_status_messages_arrive_intact(client):
    for message in ("größer als 100 % – 容量不足 \U0001f4be", "%", "%41", "%%zz", "two\nlines\tand a tab", "ü" * 500):
        call = client.start("Fail", fail_request(9, message))
        client.expect_code(call, grpc.StatusCode.FAILED_PRECONDITION)
        expect(call.details() == message, f"sent {message!r}, got {call.details()!r}")


def compressed_request_is_unimplemented(client):
    call = client.start("Echo", bytes_value(bytes(1000)), compression=grpc.Compression.Gzip)
    client.expect_code(call, grpc.StatusCode.UNIMPLEMENTED)


def connection_for_each_call(client):
    for i in range(50):
        with Client(client.socket) as other:
            other.echo("Echo", i)


def any_authority_is_served(client):
    for authority in ("/var/lib/kubelet/plugins/x/csi.sock", "%2Frun%2Fcsi.sock", "localhost", "user@host:1"):
        with Client(client.socket, [("grpc.default_authority", authority)]) as other:
            other.echo("Echo", 1)


def metadata_is_taken(client):
    metadata = (("x-text", "some text"), ("x-raw-bin", b"\x00\xff\x80"), ("x-raw-bin", b"again"), ("x-long", "v" * 4000))
    client.echo("Echo", 1, metadata=metadata)


CHECKS = (echoes_of_every_size, message_over_the_limit_is_refused, big_reply, hundred_calls_at_once, deadline_passes,
          cancelled_calls_free_the_server, unknown_names_are_unimplemented, every_status_code_arrives,
          odd_status_messages_arrive_intact, compressed_request_is_unimplemented, connection_for_each_call,
          any_authority_is_served, metadata_is_taken)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: client.py SOCKET")
    failed = 0
    with Client(sys.argv[1]) as client:
        for check in CHECKS:
            try:
                check(client)
                print("ok    ", check.__name__.replace("_", " "))
            except Exception:
                failed += 1
                print("FAILED", check.__name__.replace("_", " "))
                traceback.print_exc(file=sys.stdout)
    print(f"grpcio@{grpc.__version__}: {len(CHECKS) - failed} passed, {failed} failed")
    sys.stdout.flush()
    # grpc-core's threads are not waited for.
    os._exit(1 if failed else 0)


main()
