// timed runs a command and writes what it cost to descriptor 3:
// microseconds of user time, of system time and of the clock, and peak memory in KiB. It exits as the command does.
//
// A process inherits the peak memory of the one that forks it, so the fork is made here, by a small one.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long clock_us(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

int main(int argc, char **argv) {
	if (argc < 2 || fcntl(3, F_SETFD, FD_CLOEXEC))
		return 2;
	long long start = clock_us();
	pid_t child = fork();
	if (child < 0)
		return 2;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); // who kills timed kills the command
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	int status;
	struct rusage used;
	if (wait4(child, &status, 0, &used) != child)
		return 2;
	long long wall = clock_us() - start;
	dprintf(3, "%lld %lld %lld %ld\n", us(used.ru_utime), us(used.ru_stime), wall, used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
