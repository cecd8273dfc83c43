package fetch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestShortcutSuits(t *testing.T) {
	const resolv, hosts, order = "resolv.conf", "hosts", "nsswitch.conf"
	for _, c := range []struct {
		name    string
		files   map[string]string
		yes, no string // names
	}{
		{"no configuration", nil, "", "a.test a.test. a"},
		{
			"the usual one",
			map[string]string{resolv: "nameserver 192.0.2.1\nsearch corp.test\n"},
			"a.test A.TEST a.b.test a. a.test.", "a printer.local printer.local. " + strings.Repeat("a.", 127) + "a",
		},
		{
			"hosts",
			map[string]string{resolv: "", hosts: "127.0.0.1 localhost\n192.0.2.7\tUp.Test. up # down.test\n#192.0.2.8 off.test\n192.0.2.9\n"},
			"down.test off.test", "up.test UP.test up.test. localhost localhost.",
		},
		{"ndots", map[string]string{resolv: "options timeout:1 ndots:3 # ndots:1\n"}, "a.b.c.test a.test.", "a.test a.b.test"},
		{"no ndots", map[string]string{resolv: "; options ndots:3\n#options ndots:4\n"}, "a.test", "a"},
		{"a wrong ndots", map[string]string{resolv: "options ndots:many\n"}, "", "a.test"},
		{"DNS first", map[string]string{resolv: "", order: "passwd: files\nhosts:\tdns files\n"}, "a.test", ""},
		{"DNS never", map[string]string{resolv: "", order: "hosts: files # dns\n"}, "", "a.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			etc := t.TempDir()
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := newShortcut(etc)
			for _, name := range strings.Fields(c.yes) {
				if !s.suits(name) {
					t.Errorf("%s is not taken", name)
				}
			}
			for _, name := range strings.Fields(c.no) {
				if s.suits(name) {
					t.Errorf("%s is taken", name)
				}
			}
		})
	}
}

// FuzzAnswer looks for datagrams that break the reader, or that it takes for an
// answer about another name.
func FuzzAnswer(f *testing.F) {
	question := appendQuestion(nil, "a.test", 1)
	f.Add(question)
	answer := append(question[:12:12], question[12:24]...)
	answer[2], answer[7], answer[11] = 0x84, 1, 0
	f.Add(append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1))
	f.Add([]byte("00\x840\x00\x01000000\x01A\x04test\x000000\xc0!00\x01\x00\x00\x00<\x00\x04\xc0")) // about a type of its own
	f.Fuzz(func(t *testing.T, message []byte) {
		kind, addrs, ok := readAnswer(message, "a.test")
		if len(addrs) > 0 && !ok {
			t.Errorf("type %d, %v, %v", kind, addrs, ok)
		}
		for _, addr := range addrs {
			if addr.Is4() != (kind == 1) && !(kind == 28 && addr.Is4()) {
				t.Errorf("%v in an answer of type %d", addr, kind)
			}
		}
	})
}
