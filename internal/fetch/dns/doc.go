// Package dns finds the addresses of many names, as glibc and curl would find them one by one, and at a cost that a
// list of a hundred thousand names can bear.
//
//	Lookup ─▶ special.go   addresses, localhost, .onion, names that no question can hold
//	       ─▶ hosts.go     the hosts file
//	       ─▶ cache.go     one lookup for all who ask for a name, and what was learnt a moment ago
//	       ─▶ places.go    a place in the queue, fewer of them while answers stay away
//	       ─▶ lookup.go    which candidate of the search list the name stands for
//	       ─▶ candidate.go both families, the family that is late
//	       ─▶ question.go  one name and family: its servers in turn, sent again with back-off
//	       ─▶ socket.go    datagrams on sockets that thousands of questions share; tcp.go for what they do not hold
//
// A lookup has no goroutine. Whatever happens to it (a reply that a socket's reader has taken apart, a timer, a socket
// that fails) runs one function, advance, which sends what is due and settles what can be settled. So ten thousand names
// in flight cost a kilobyte or two each, and a name that is answered at once two packets and one wake-up.
//
// Files are read when the first name needs them, and once. docs/names.md compares what is found with glibc, curl, Go and
// musl, and says what was decided.
//
// Messages are read by golang.org/x/net/dns/dnsmessage, which takes an answer apart on the stack: one allocation, for
// the addresses. github.com/miekg/dns makes ten and takes two and a half times as long (BenchmarkReply), its reader of
// resolv.conf knows neither rotate, use-vc, single-request, no-aaaa nor the variables, and it links a hundred packages.
// It is the second opinion of the tests, and their servers.
package dns
