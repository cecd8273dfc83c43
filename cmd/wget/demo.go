package wget

import (
	"bufio"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"sync"
	"time"

	"wget/internal/fetch"
)

// slowness is the time that the sample for slow.example takes.
const slowness = 1500 * time.Millisecond

// demoHosts lists the hosts that --demo asks when no target is given.
func demoHosts() []string { return []string{"sina.com.cn", "sohu.com", "163.com"} }

// startDemo starts a server on loopback that answers for every host: with the
// sample of that name, or else with the sample for other hosts. The route leads
// every connection to the server, and the function stops the server.
func startDemo(samples fs.FS) (fetch.Route, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fetch.Route{}, nil, err
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serveSample(conn, samples) })
		}
	})
	at := listener.Addr().(*net.TCPAddr).AddrPort()
	stop := func() {
		listener.Close()
		serving.Wait()
	}
	return fetch.Route{Addrs: []netip.Addr{at.Addr()}, ToPort: at.Port()}, stop, nil
}

func serveSample(conn net.Conn, samples fs.FS) {
	defer conn.Close()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	host, _, err := net.SplitHostPort(request.Host)
	if err != nil {
		host = request.Host
	}
	reply, err := fs.ReadFile(samples, path.Join("testdata/demo", path.Base("/"+host)+".http"))
	if err != nil {
		reply, err = fs.ReadFile(samples, "testdata/demo/other.http")
	}
	if err != nil {
		return
	}
	if host == "slow.example" {
		conn.SetReadDeadline(time.Now().Add(slowness))
		io.Copy(io.Discard, conn) // ends early if the client goes
	}
	conn.Write(reply)
}
