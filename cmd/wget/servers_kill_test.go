//go:build servers

package wget_test

import "testing"

// TestServersKilled is TestKilled with so many kills that each instant of a run has its turn.
func TestServersKilled(t *testing.T) {
	t.Parallel()
	program := build(t)
	for _, way := range killed() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			way.test(t, program, 200)
		})
	}
}
