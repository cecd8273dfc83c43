package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"wget/internal/testserver"
)

// A result holds nothing of the connection that it came over.
func TestResultHoldsNoConnection(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{testserver.Issue(&x509.Certificate{}, nil, testserver.ECDSA)}}
	serve := testserver.Pipe(testserver.Secure(server, testserver.Answer("HTTP/1.1 200 OK\r\n\r\n")))
	type traced struct{ net.Conn }
	var held weak.Pointer[traced]
	o := Options{TLS: &tls.Config{InsecureSkipVerify: true}, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := serve(ctx, network, address)
		made := &traced{conn}
		held = weak.Make(made)
		return made, err
	}}
	spec, err := Parse("https://192.0.2.1", Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	var result *Result
	for r := range All(t.Context(), spec.All(), o) {
		result = r
	}
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	for range 10 { // a goroutine that is about to end may hold it, too
		runtime.GC()
	}
	if held.Value() != nil {
		t.Error("the connection is still held")
	}
	runtime.KeepAlive(result)
}

// Each result of a target has a visit of its own.
func TestSizeOfResults(t *testing.T) {
	const addrs = 8
	var list []*Result
	for range addrs {
		v := new(visit)
		list = append(list, &v.result)
	}
	if got, least := sizeOf(list), addrs*int(unsafe.Sizeof(visit{})); got < least {
		t.Errorf("%d results are taken for %d bytes, and have %d at least", addrs, got, least)
	}
}
