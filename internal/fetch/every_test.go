package fetch

import "testing"

// The parts of a spec are all of its targets, each once and with its number.
func TestEvery(t *testing.T) {
	for _, text := range []string{"a.test", "http://a.test:81/x", "192.0.2.0/24", "192.0.2.77/32", "2001:db8::ff00/120", "::ffff:192.0.2.0/120", "0.0.0.0/22"} {
		for _, ports := range [][]uint16{nil, {80}, {80, 8080}, {80, 443, 8080, 8443, 8000}} {
			d := Defaults{Ports: ports}
			spec, err := Parse(text, d)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for target := range spec.All() {
				want = append(want, target.Text+target.URL())
			}
			if len(want) != spec.Count() {
				t.Fatalf("%s: %d targets, counted %d", text, len(want), spec.Count())
			}
			if IsSingle([]byte(text), d) && len(want) != 1 {
				t.Errorf("%s is taken for one target: %d", text, len(want))
			}
			for _, step := range []int{1, 2, 3, 7, 64, 1000} {
				got := make(map[int]string)
				for first := range step {
					for number, target := range spec.Every(first, step) {
						if got[number] != "" || number%step != first {
							t.Errorf("%s %d/%d: number %d comes twice or is of another part", text, first, step, number)
						}
						got[number] = target.Text + target.URL()
					}
				}
				for number, target := range want {
					if got[number] != target {
						t.Errorf("%s with %d ports, step %d: number %d is %q, want %q", text, len(ports), step, number, got[number], target)
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s, step %d: %d targets of %d", text, step, len(got), len(want))
				}
			}
		}
	}
}

// The end of a block that is too large to be counted is no reason to begin anew.
func TestEveryOfHugeBlocks(t *testing.T) {
	for text, want := range map[string]string{"::/0": "::7fff:ffff:ffff:fffd", "0.0.0.0/0": "255.255.255.255"} {
		spec, err := Parse(text, Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		last := (spec.Count() - 1) / 5 * 5
		var got []string
		for _, target := range spec.Every(last, 5) {
			got = append(got, target.Text)
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s ends with %q, want %s", text, got, want)
		}
	}
}

func TestIsSingle(t *testing.T) {
	for text, want := range map[string]bool{
		"a.test": true, "a.test:80": true, "http://a.test": true, "https://a.test/1": true, "http://[::1]:80/": true, "::1": true, "two words": true,
		"192.0.2.0/24": false, "192.0.2.0/": false, "a.test/24": false, "2001:db8::/64": false,
	} {
		if got := IsSingle([]byte(text), Defaults{}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if IsSingle([]byte("a.test"), Defaults{Ports: []uint16{80, 81}}) {
		t.Error("a host with two ports is taken for one target")
	}
}
