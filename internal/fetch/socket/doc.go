// Package socket opens TCP connections for a great many hosts at once, cheaply:
// with a small receive window, so that a body stays on the server, and without
// timers of their own.
//
// On Linux the connections wait on one epoll descriptor of the [Connector];
// elsewhere, and for connections that a caller's own dial function opens,
// package net waits.
package socket
