//go:build !linux

// Command bench measures our wget against its peers. It needs Linux: epoll, namespaces, /proc.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: runs on Linux only: its floor is an epoll loop and its servers live in a network namespace")
	os.Exit(1)
}
