// SPDX-License-Identifier: Apache-2.0

// Requests that grpc-go cannot make, or whose replies it hides, on Go's plain HTTP/2 client.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/http2"
)

func (c *client) transport() *http2.Transport {
	return &http2.Transport{
		AllowHTTP:          true,
		DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", c.socket)
		},
	}
}

type rawReply struct {
	httpStatus      int
	header, trailer http.Header
	body            []byte
}

// grpcHeader finds a field in the trailers, or in the headers of a reply that has nothing else.
func (r *rawReply) grpcHeader(name string) string {
	if value := r.trailer.Get(name); value != "" {
		return value
	}
	return r.header.Get(name)
}

func (c *client) raw(host, method string, header http.Header, body []byte) (*rawReply, error) {
	transport := c.transport()
	defer transport.CloseIdleConnections()
	request := &http.Request{
		Method: method,
		URL:    &url.URL{Scheme: "http", Host: host, Path: service + "Echo"},
		Header: header,
		Body:   io.NopCloser(bytes.NewReader(body)),
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &rawReply{response.StatusCode, response.Header, response.Trailer, received}, nil
}

// A BytesValue of "hi" in its gRPC frame.
func frame(flag byte) []byte {
	return []byte{flag, 0, 0, 0, 4, 0x0a, 2, 'h', 'i'}
}

func grpcHeaders(more ...string) http.Header {
	header := http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	return header
}

func (c *client) rawRequestsAreServed() error {
	cases := []struct {
		name, host string
		header     http.Header
	}{
		{"as grpc-go would", "localhost", grpcHeaders()},
		{"empty :authority", "", grpcHeaders()},
		{"no te and no user-agent", "localhost", http.Header{"Content-Type": {"application/grpc+proto"}, "User-Agent": {""}}},
		{"encoding named but not used", "localhost", grpcHeaders("Grpc-Encoding", "gzip")},
		{"longest timeout", "localhost", grpcHeaders("Grpc-Timeout", "99999999H")},
	}
	for _, test := range cases {
		reply, err := c.raw(test.host, "POST", test.header, frame(0))
		if err != nil {
			return fmt.Errorf("%s: %w", test.name, err)
		}
		if reply.httpStatus != 200 || reply.grpcHeader("Grpc-Status") != "0" || !bytes.Equal(reply.body, frame(0)) {
			return fmt.Errorf("%s: got %+v", test.name, reply)
		}
	}
	return nil
}

func (c *client) rawRefusalsCarryTheRightHeaders() error {
	cases := []struct {
		name, method string
		header       http.Header
		body         []byte
		httpStatus   int
		want         map[string]string
	}{
		{"unknown compression", "POST", grpcHeaders("Grpc-Encoding", "snappy"), frame(1), 200,
			map[string]string{"Grpc-Status": "12", "Grpc-Accept-Encoding": "identity"}},
		{"compressed without an encoding", "POST", grpcHeaders(), frame(1), 200, map[string]string{"Grpc-Status": "13"}},
		{"no such frame flag", "POST", grpcHeaders(), frame(2), 200, map[string]string{"Grpc-Status": "13"}},
		{"cut off", "POST", grpcHeaders(), frame(0)[:7], 200, map[string]string{"Grpc-Status": "13"}},
		{"bytes left over", "POST", grpcHeaders(), append(frame(0), 0, 0), 200, map[string]string{"Grpc-Status": "13"}},
		{"not a protobuf message", "POST", grpcHeaders(), []byte{0, 0, 0, 0, 2, 0x0a, 9}, 200,
			map[string]string{"Grpc-Status": "13"}},
		{"no time left", "POST", grpcHeaders("Grpc-Timeout", "0n"), frame(0), 200, map[string]string{"Grpc-Status": "4"}},
		{"not gRPC", "POST", http.Header{"Content-Type": {"application/json"}}, []byte("{}"), 415, nil},
		{"not POST", "PUT", grpcHeaders(), frame(0), 405, nil},
	}
	for _, test := range cases {
		reply, err := c.raw("localhost", test.method, test.header, test.body)
		if err != nil {
			return fmt.Errorf("%s: %w", test.name, err)
		}
		if reply.httpStatus != test.httpStatus {
			return fmt.Errorf("%s: HTTP status %d, want %d", test.name, reply.httpStatus, test.httpStatus)
		}
		for name, want := range test.want {
			if got := reply.grpcHeader(name); got != want {
				return fmt.Errorf("%s: %s is %q, want %q (%+v)", test.name, name, got, want, reply)
			}
		}
	}
	return nil
}
