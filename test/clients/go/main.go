// SPDX-License-Identifier: Apache-2.0

// Drives the echo server with grpc-go, the client of kubelet, of every CSI sidecar and of csi-sanity.
//
//	go SOCKET      prints a line for each check and a count; fails where one fails
package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	service         = "/csicore.test.Echo/"
	messageLimit    = 4 << 20
	bytesValueFrame = 5 // the tag and length before a payload of 2 to 256 MiB
	callTimeout     = 30 * time.Second
)

type client struct {
	socket string
	conn   *grpc.ClientConn
}

func dial(socket string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return grpc.NewClient("unix:"+socket, options...)
}

func payload(size int) []byte {
	bytes := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(bytes)
	return bytes
}

func echoOn(ctx context.Context, conn *grpc.ClientConn, method string, sent []byte, options ...grpc.CallOption) error {
	reply := &wrapperspb.BytesValue{}
	if err := conn.Invoke(ctx, service+method, wrapperspb.Bytes(sent), reply, options...); err != nil {
		return err
	}
	if !bytes.Equal(reply.Value, sent) {
		return fmt.Errorf("sent %d bytes, another %d came back", len(sent), len(reply.Value))
	}
	return nil
}

func (c *client) echo(method string, size int) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return echoOn(ctx, c.conn, method, payload(size))
}

// wantCode is nil where err has one of the codes.
func wantCode(err error, want ...codes.Code) error {
	got := grpcstatus.Code(err)
	for _, code := range want {
		if got == code {
			return nil
		}
	}
	return fmt.Errorf("want %v, got %v: %v", want, got, err)
}

func (c *client) echoesOfEverySize() error {
	for _, method := range []string{"Echo", "EchoWorker"} {
		for _, size := range []int{0, 1, 16384, 65535, 65536 + 1, messageLimit - bytesValueFrame} {
			if err := c.echo(method, size); err != nil {
				return fmt.Errorf("%s of %d bytes: %w", method, size, err)
			}
		}
	}
	return nil
}

func (c *client) messageOverTheLimitIsRefused() error {
	if err := wantCode(c.echo("Echo", messageLimit-bytesValueFrame+1), codes.ResourceExhausted); err != nil {
		return err
	}
	return c.echo("Echo", 1)
}

func (c *client) bigReply() error {
	for _, size := range []int{1, 65536 + 1, messageLimit - bytesValueFrame} {
		reply := &wrapperspb.BytesValue{}
		if err := c.conn.Invoke(context.Background(), service+"Big", wrapperspb.UInt64(uint64(size)), reply); err != nil {
			return err
		}
		if len(reply.Value) != size {
			return fmt.Errorf("asked for %d bytes, got %d", size, len(reply.Value))
		}
	}
	return nil
}

// atOnce runs the call count times, all in flight together.
func atOnce(count int, call func(i int) error) error {
	var wait sync.WaitGroup
	errors := make([]error, count)
	for i := range count {
		wait.Go(func() { errors[i] = call(i) })
	}
	wait.Wait()
	for i, err := range errors {
		if err != nil {
			return fmt.Errorf("call %d of %d: %w", i, count, err)
		}
	}
	return nil
}

func (c *client) hundredCallsAtOnce() error {
	for _, method := range []string{"Echo", "EchoWorker"} {
		err := atOnce(100, func(i int) error { return c.echo(method, 1+i*700) })
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
	}
	return nil
}

func (c *client) sleep(ctx context.Context, milliseconds uint64) error {
	return c.conn.Invoke(ctx, service+"Sleep", wrapperspb.UInt64(milliseconds), &emptypb.Empty{})
}

func (c *client) deadlinePasses() error {
	err := atOnce(20, func(int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		return wantCode(c.sleep(ctx, 600_000), codes.DeadlineExceeded)
	})
	if err != nil {
		return err
	}
	return c.echo("EchoWorker", 1)
}

func (c *client) shortSleepEndsBeforeItsDeadline() error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return c.sleep(ctx, 5)
}

// cancelledCallsFreeTheServer cancels more calls than the server works on at once: later ones are answered only if it
// noticed.  That it drains at the end of the run proves the same again.
func (c *client) cancelledCallsFreeTheServer() error {
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		err := atOnce(10, func(i int) error {
			if i == 0 {
				time.Sleep(10 * time.Millisecond)
				cancel()
				return nil
			}
			return wantCode(c.sleep(ctx, 600_000), codes.Canceled)
		})
		cancel()
		if err != nil {
			return err
		}
	}
	return c.echo("EchoWorker", 1)
}

func (c *client) unknownNamesAreUnimplemented() error {
	for _, path := range []string{
		service + "Nothing", service + "echo", service + "Echo/", "/csicore.test.Nothing/Echo", "/Echo/Echo",
		"/csicore.test.Echo/Echo/Echo", "/csi.v1.Identity/Nothing",
	} {
		err := c.conn.Invoke(context.Background(), path, wrapperspb.Bytes(nil), &wrapperspb.BytesValue{})
		if err := wantCode(err, codes.Unimplemented); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (c *client) fail(code codes.Code, message string) error {
	request := &status.Status{Code: int32(code), Message: message}
	err := c.conn.Invoke(context.Background(), service+"Fail", request, &emptypb.Empty{})
	got, _ := grpcstatus.FromError(err)
	if got.Code() != code || got.Message() != message || len(got.Details()) != 0 {
		return fmt.Errorf("want %v %q, got %v %q", code, message, got.Code(), got.Message())
	}
	return nil
}

func (c *client) everyStatusCodeArrives() error {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		if err := c.fail(code, "because of "+code.String()); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) oddStatusMessagesArriveIntact() error {
	for _, message := range []string{
		"größer als 100 % – 容量不足 \U0001f4be", "%", "%41", "%%zz", "two\nlines\tand a tab", " spaces at both ends ",
		strings.Repeat("ü", 500),
	} {
		if err := c.fail(codes.FailedPrecondition, message); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) compressedRequestIsUnimplemented() error {
	err := echoOn(context.Background(), c.conn, "Echo", make([]byte, 1000), grpc.UseCompressor(gzip.Name))
	return wantCode(err, codes.Unimplemented)
}

func (c *client) connectionForEachCall() error {
	for i := range 200 {
		conn, err := dial(c.socket)
		if err != nil {
			return err
		}
		err = echoOn(context.Background(), conn, "Echo", payload(i))
		conn.Close()
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}

func (c *client) manyConnectionsAtOnce() error {
	return atOnce(32, func(i int) error {
		conn, err := dial(c.socket)
		if err != nil {
			return err
		}
		defer conn.Close()
		return echoOn(context.Background(), conn, "EchoWorker", payload(i*1000))
	})
}

func (c *client) anyAuthorityIsServed() error {
	for _, authority := range []string{
		"/var/lib/kubelet/plugins/x/csi.sock", "%2Frun%2Fcsi.sock", "run%2Fcsi.sock", "localhost", "user@host:1", "[::]:50051",
	} {
		conn, err := dial(c.socket, grpc.WithAuthority(authority))
		if err != nil {
			return err
		}
		err = echoOn(context.Background(), conn, "Echo", payload(1))
		conn.Close()
		if err != nil {
			return fmt.Errorf("%q: %w", authority, err)
		}
	}
	return nil
}

func (c *client) metadataIsTaken() error {
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-text", "some text", "x-raw-bin", "\x00\xff\x80",
		"x-raw-bin", "again", "x-long", strings.Repeat("v", 4000))
	return echoOn(ctx, c.conn, "Echo", payload(1))
}

func (c *client) tooMuchMetadataFailsOneCallOnly() error {
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-long", strings.Repeat("v", 60_000))
	if err := echoOn(ctx, c.conn, "Echo", payload(1)); err == nil {
		return fmt.Errorf("60,000 bytes of metadata were taken")
	}
	return c.echo("Echo", 1)
}

// unaryAsStream sends count messages where the method takes one.
func (c *client) unaryAsStream(count int) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, service+"Echo")
	if err != nil {
		return err
	}
	for range count {
		// An error here is the stream's end; RecvMsg tells its status.
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("x")))
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(&wrapperspb.BytesValue{})
}

func (c *client) wrongNumberOfMessagesIsRefused() error {
	for _, count := range []int{0, 2, 3} {
		if err := wantCode(c.unaryAsStream(count), codes.Internal, codes.Unimplemented); err != nil {
			return fmt.Errorf("%d messages: %w", count, err)
		}
	}
	return wantCode(c.unaryAsStream(1), codes.OK)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go SOCKET")
		os.Exit(2)
	}
	conn, err := dial(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	c := &client{socket: os.Args[1], conn: conn}
	checks := []struct {
		name string
		run  func() error
	}{
		{"echoes of every size", c.echoesOfEverySize},
		{"message over the limit is refused", c.messageOverTheLimitIsRefused},
		{"big reply", c.bigReply},
		{"hundred calls at once", c.hundredCallsAtOnce},
		{"deadline passes", c.deadlinePasses},
		{"short sleep ends before its deadline", c.shortSleepEndsBeforeItsDeadline},
		{"cancelled calls free the server", c.cancelledCallsFreeTheServer},
		{"unknown names are UNIMPLEMENTED", c.unknownNamesAreUnimplemented},
		{"every status code arrives", c.everyStatusCodeArrives},
		{"odd status messages arrive intact", c.oddStatusMessagesArriveIntact},
		{"compressed request is UNIMPLEMENTED", c.compressedRequestIsUnimplemented},
		{"connection for each call", c.connectionForEachCall},
		{"many connections at once", c.manyConnectionsAtOnce},
		{"any :authority is served", c.anyAuthorityIsServed},
		{"metadata is taken", c.metadataIsTaken},
		{"too much metadata fails one call only", c.tooMuchMetadataFailsOneCallOnly},
		{"wrong number of messages is refused", c.wrongNumberOfMessagesIsRefused},
		{"raw: empty or absent details of HTTP", c.rawRequestsAreServed},
		{"raw: refusals carry the right headers", c.rawRefusalsCarryTheRightHeaders},
	}
	passed, failed := 0, 0
	for _, check := range checks {
		if err := check.run(); err != nil {
			failed++
			fmt.Printf("FAILED %s: %v\n", check.name, err)
		} else {
			passed++
			fmt.Printf("ok     %s\n", check.name)
		}
	}
	fmt.Printf("grpc-go@%s: %d passed, %d failed\n", grpc.Version, passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
