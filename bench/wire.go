//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// wire starts nginx in a second namespace, at the end of a link with an MTU of 1500 and 20 Mbit/s. Loopback would not
// do to count bytes: both directions meet there, and it is so fast that a client's RST stops a server that on a real
// link has long sent its window.
func (l *lab) wire(ctx context.Context) (*server, network, error) {
	far := ownNetwork("10")
	if !inside() {
		return nil, far, errors.New("it takes a network namespace")
	}
	s, err := l.nginx(ctx, far, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	if err != nil {
		return nil, far, err
	}
	pid := strconv.Itoa(s.cmd.Process.Pid)
	there := "nsenter -n -t " + pid + " "
	for _, line := range []string{
		"ip link add near mtu 1500 type veth peer name far mtu 1500 netns " + pid,
		"ip addr add 192.0.2.1/30 dev near",
		"ip link set near up",
		"ip route add 10.0.0.0/8 via 192.0.2.2",
		there + "ip addr add 192.0.2.2/30 dev far",
		there + "ip link set far gso_max_segs 1", // packets as a card would send them
		there + "ip link set far up",
		there + "ip link set lo up",
		there + "ip route add local 10.0.0.0/8 dev lo",
		there + "tc qdisc add dev far root tbf rate 20mbit burst 3200 limit 16mb",
	} {
		argv := strings.Fields(line)
		if err := quiet(exec.CommandContext(ctx, argv[0], argv[1:]...)); err != nil {
			s.stop()
			return nil, far, err
		}
	}
	return s, far, s.await(fmt.Sprintf("%s:%d", far.host(0), bigPort))
}

// received says how many bytes of IP have come into this namespace.
func received() (int64, error) {
	text, err := os.ReadFile("/proc/self/net/netstat")
	if err != nil {
		return 0, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "IpExt:" {
			continue
		}
		if names == nil {
			names = words
			continue
		}
		for i, name := range names {
			if name == "InOctets" && i < len(words) {
				return strconv.ParseInt(words[i], 10, 64)
			}
		}
	}
	return 0, errors.New("/proc/self/net/netstat has no InOctets")
}

// bytesPerHost asks for a page of 1 MiB over the wire, and waits until all that was under way has come.
func (l *lab) bytesPerHost(ctx context.Context, c client, far network) (float64, error) {
	j := job{net: far, port: bigPort, hosts: 200, parallel: 64}
	before, err := received()
	if err != nil {
		return 0, err
	}
	if err := l.ask(ctx, c, j, nil); err != nil {
		return 0, err
	}
	after := before
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		now, err := received()
		if err != nil {
			return 0, err
		}
		if now == after {
			break
		}
		after = now
	}
	return float64(after-before) / float64(j.hosts), nil
}
