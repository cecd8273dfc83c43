package dns

import (
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
)

// systemFiles is what the system's files say. They are read once in a run. A file that cannot be read says nothing.
type systemFiles struct {
	settings settings
	servers  []*server
	sources  sources
	hosts    *hosts
	lookups  atomic.Uint32 // so far, if servers are asked in turn
}

func (r *Resolver) readFiles() *systemFiles {
	etc, env := r.config.Etc, r.config.Env
	if etc == "" {
		etc = defaultEtc()
	}
	if env == nil {
		env = os.LookupEnv
	}
	read := func(name string) []byte {
		text, _ := os.ReadFile(filepath.Join(etc, name))
		return text
	}
	hostname, _ := os.Hostname()
	f := &systemFiles{
		settings: readSettings(string(read("resolv.conf")), env, hostname),
		sources:  readSources(string(read("nsswitch.conf"))),
		hosts:    readHosts(read("hosts")),
	}
	if len(r.config.Servers) > 0 {
		f.settings.servers, f.settings.rotate = r.config.Servers, true
		f.sources = sources{files: true, dns: true}
	}
	for _, addr := range f.settings.servers {
		f.servers = append(f.servers, &server{addr: addr, dial: r.dial, running: &r.running, sockets: make(map[*socket]struct{})})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.servers = f.servers
	return f
}

// order is that in which a lookup asks the servers: those that failed lately come last.
func (f *systemFiles) order(now time.Time) []*server {
	servers := slices.Clone(f.servers)
	if f.settings.rotate && len(servers) > 1 {
		first := int(f.lookups.Add(1)-1) % len(servers)
		servers = append(servers[first:], servers[:first]...)
	}
	if len(servers) == 1 {
		return servers
	}
	var first, avoided []*server
	for _, s := range servers {
		if s.isAvoided(now, len(first) == 0) {
			avoided = append(avoided, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, avoided...)
}
