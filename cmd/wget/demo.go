package wget

import (
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

// startDemo starts a server on loopback that answers for every host, over TLS too:
// with the sample of that name, or else with the sample for other hosts. It has
// the options lead every connection to the server, and trust it. The function
// stops the server.
func startDemo(samples fs.FS, o *fetch.Options) (stop func(), err error) {
	ca, err := newDemoCA()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { serveSample(conn, ca, samples) })
		}
	})
	at := listener.Addr().(*net.TCPAddr).AddrPort()
	o.Routes = []fetch.Route{{Addrs: []netip.Addr{at.Addr()}, ToPort: at.Port()}}
	o.TLS, o.Proxies, o.Family = ca.trusted(o.TLS), fetch.Proxies{}, 0
	return func() {
		listener.Close()
		serving.Wait()
	}, nil
}

func serveSample(conn net.Conn, ca *demoCA, samples fs.FS) {
	conn, buffer := ca.accept(conn)
	defer conn.Close()
	request, err := http.ReadRequest(buffer)
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
