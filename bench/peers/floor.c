// floor asks a list of addresses for their response headers with as little as C and epoll can do it with:
// the cost that the other clients are measured against.
//
//	floor [-c IN_FLIGHT] [-r RECEIVE_BUFFER] PORT < addresses
//
// Per host: socket, setsockopt, connect, epoll_ctl, send, read, write, close. It reads until the empty line,
// prints every header line as `HOST header > LINE` with one write, and leaves the body unread.
// What it leaves out: names, timeouts, redirects, escaping, lines longer than its buffer.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
	int fd, sent;
	size_t len;
	char host[INET_ADDRSTRLEN];
	char head[4096];
};

static int ep, receive_buffer = 16 << 10;
static in_port_t port;
static long answered, failed;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void fail(const char *host, const char *why) {
	fprintf(stderr, "%s error > %s\n", host, why);
	failed++;
}

// dial starts a connection to c->host. On failure it leaves nothing open.
static int dial(struct conn *c) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = port};
	struct epoll_event want = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
	if (inet_pton(AF_INET, c->host, &to.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if ((receive_buffer && setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer)) ||
	    (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &want)) {
		close(c->fd);
		return -1;
	}
	c->sent = 0;
	c->len = 0;
	return 0;
}

// next gives c the next host of the list that can be dialled; 0 when the list has ended.
static int next(struct conn *c) {
	char line[64];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\r\n")] = 0;
		snprintf(c->host, sizeof c->host, "%.15s", line);
		if (dial(c) == 0)
			return 1;
		fail(c->host, strerror(errno));
	}
	if (ferror(stdin))
		die("stdin");
	return 0;
}

// print writes the lines of the head that ends at end.
static void print(const struct conn *c, const char *end) {
	static char out[64 << 10]; // enough: the shortest line that is not the last has 2 of the 4096 bytes, and grows by 25
	static const char mark[] = " header > ";
	size_t host = strlen(c->host);
	char *o = out;
	for (const char *line = c->head, *nl; line < end; line = nl + 1) {
		nl = memchr(line, '\n', end - line);
		size_t n = nl - line;
		if (n && line[n - 1] == '\r')
			n--;
		if (n == 0)
			break;
		o = mempcpy(o, c->host, host);
		o = mempcpy(o, mark, sizeof mark - 1);
		o = mempcpy(o, line, n);
		*o++ = '\n';
	}
	for (char *p = out; p < o;) {
		ssize_t n = write(STDOUT_FILENO, p, o - p);
		if (n < 0)
			die("stdout");
		p += n;
	}
	answered++;
}

// head_end returns where the empty line ends, looking only at what is new since from.
static const char *head_end(const struct conn *c, size_t from) {
	from = from > 3 ? from - 3 : 0;
	const char *at = c->head + from, *stop = c->head + c->len;
	while ((at = memchr(at, '\n', stop - at))) {
		at++;
		if (at < stop && *at == '\n')
			return at + 1;
		if (at + 1 < stop && at[0] == '\r' && at[1] == '\n')
			return at + 2;
	}
	return NULL;
}

// step does what is possible on a ready connection; 1 when the host is done with, answered or failed.
static int step(struct conn *c, uint32_t ready) {
	if (!c->sent && ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		char request[160];
		int n = snprintf(request, sizeof request,
				 "GET / HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: floor\r\nAccept: */*\r\nConnection: close\r\n\r\n",
				 c->host, ntohs(port));
		if (send(c->fd, request, n, MSG_NOSIGNAL) != n) {
			fail(c->host, strerror(errno));
			return 1;
		}
		c->sent = 1;
	}
	while (ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
		size_t room = sizeof c->head - c->len;
		ssize_t n = read(c->fd, c->head + c->len, room);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			fail(c->host, n ? strerror(errno) : "closed before the empty line");
			return 1;
		}
		c->len += n;
		const char *end = head_end(c, c->len - n);
		if (end) {
			print(c, end);
			return 1;
		}
		if (c->len == sizeof c->head) {
			fail(c->host, "header section too long");
			return 1;
		}
		if ((size_t)n < room)
			return 0; // drained: the next bytes raise a new edge
	}
	return 0;
}

int main(int argc, char **argv) {
	long in_flight = 64, open = 0;
	for (int o; (o = getopt(argc, argv, "c:r:")) != -1;) {
		if (o == 'c')
			in_flight = atol(optarg);
		else if (o == 'r')
			receive_buffer = atoi(optarg);
		else
			return 2;
	}
	if (optind != argc - 1 || in_flight < 1) {
		fprintf(stderr, "usage: floor [-c IN_FLIGHT] [-r RECEIVE_BUFFER] PORT < addresses\n");
		return 2;
	}
	port = htons(atoi(argv[optind]));

	struct conn *conns = calloc(in_flight, sizeof *conns);
	if (!conns || (ep = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("start");
	while (open < in_flight && next(&conns[open]))
		open++;
	while (open > 0) {
		struct epoll_event ready[256];
		int n = epoll_wait(ep, ready, 256, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct conn *c = ready[i].data.ptr;
			if (!step(c, ready[i].events))
				continue;
			close(c->fd);
			if (!next(c))
				open--;
		}
	}
	fprintf(stderr, "answered %ld, failed %ld\n", answered, failed);
	return failed > 0;
}
