/*
 * The guardian: a process of a few kilobytes that outlives the daemon by the
 * time it takes to kill what the daemon ran. The parent death signal reaches
 * leaders only; a command that forked twice would survive a SIGKILL of the
 * daemon. It is a fork of a program with many threads, so it may use nothing
 * but system calls.
 */
#include <errno.h>
#include <stddef.h>

#include "launch.h"
#include "sys.h"

#define PR_SET_DUMPABLE 4
#define PR_SET_NAME 15
#define AT_REMOVEDIR_FLAG 0x200
#define O_DIRECTORY_CLOEXEC (0200000 | 02000000)
#define POLLIN_FLAG 1
#define POLLPRI_FLAG 2
#define SIGKILL_NR 9
#define DEPTH 8

struct dirent64 {
	uint64_t ino, off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static void close_between(long first, long last)
{
	if (first <= last)
		sys3(__NR_close_range, (unsigned int)first, (unsigned int)last, 0);
}

/*
 * Everything but the guardian's own descriptors goes, 0, 1 and 2 included: a
 * pipe of the daemon's that stayed open here would never end for its reader.
 */
static void keep_own(const struct rg_guard *g)
{
	const int32_t own[8] = { g->pipe, g->procs, g->home, g->kill,
				 g->events, g->run, g->tree, g->base };
	long low = 0;

	for (;;) {
		long next = 1L << 31;

		for (int i = 0; i < 8; i++)
			if (own[i] >= low && own[i] < next)
				next = own[i];
		if (next == 1L << 31)
			break;
		close_between(low, next - 1);
		low = next + 1;
	}
	close_between(low, ~0U);
}

/* cgroup.events reads "populated 0\nfrozen 0\n". */
static int populated(int32_t events)
{
	char text[32];
	long n = sys4(__NR_pread64, events, text, sizeof(text), 0);

	return n < 11 || text[10] != '0';
}

static long wait_for(int32_t fd, int16_t events, long milliseconds)
{
	struct { int32_t fd; int16_t events, revents; } poll;
	struct { int64_t sec, nsec; } limit;

	poll.fd = fd;
	poll.events = events;
	poll.revents = 0;
	limit.sec = 0;
	limit.nsec = milliseconds * 1000 * 1000;
	return sys5(__NR_ppoll, &poll, 1, &limit, NULL, RG_SIGSET_BYTES);
}

/* Children first; a command running as root may have made cgroups of its own. */
static void empty_directory(int32_t dir, int depth)
{
	char block[1024] __attribute__((aligned(8)));
	long n;

	sys3(__NR_lseek, dir, 0, 0);
	while ((n = sys3(__NR_getdents64, dir, block, sizeof(block))) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *e = (struct dirent64 *)(block + at);
			int dots = e->name[0] == '.' &&
				   (!e->name[1] || (e->name[1] == '.' && !e->name[2]));

			at += e->reclen;
			if (e->type != 4 /* DT_DIR */ || dots)
				continue;
			if (sys3(__NR_unlinkat, dir, e->name, AT_REMOVEDIR_FLAG) == 0 || depth == 0)
				continue;
			long sub = sys4(__NR_openat, dir, e->name, O_DIRECTORY_CLOEXEC, 0);
			if (sub < 0)
				continue;
			empty_directory((int32_t)sub, depth - 1);
			sys1(__NR_close, sub);
			sys3(__NR_unlinkat, dir, e->name, AT_REMOVEDIR_FLAG);
		}
	}
}

/* "/proc/PID/ns/pid", written backwards into the end of a buffer. */
static const char *namespace_path(char *end, int32_t pid)
{
	static const char tail[] = "/ns/pid", head[] = "/proc/";

	for (int i = sizeof(tail) - 1; i >= 0; i--)
		*--end = tail[i];
	do
		*--end = (char)('0' + pid % 10);
	while (pid /= 10);
	for (int i = sizeof(head) - 2; i >= 0; i--)
		*--end = head[i];
	return end;
}

/*
 * A number may have been reused between the death of a command and the
 * daemon's: only a process of another pid namespace than the guardian's own
 * is killed, and by a pidfd taken before that was read. The kernel ends a
 * namespace with its init.
 */
static int end_command(int32_t pid)
{
	char path[40], own[64], its[64];
	long n, m, fd = sys2(__NR_pidfd_open, pid, 0);
	int alive;

	if (fd < 0)
		return 0;
	n = sys4(__NR_readlinkat, -100, "/proc/self/ns/pid", own, sizeof(own));
	m = sys4(__NR_readlinkat, -100, namespace_path(path + sizeof(path), pid), its, sizeof(its));
	alive = n > 0 && m > 0 && n != m;
	for (long i = 0; !alive && n == m && i < n; i++)
		alive = own[i] != its[i];
	if (wait_for((int32_t)fd, POLLIN_FLAG, 0) > 0)
		alive = 0; /* a zombie */
	if (alive)
		sys4(__NR_pidfd_send_signal, fd, SIGKILL_NR, NULL, 0);
	sys1(__NR_close, fd);
	return alive;
}

static void end_roster(const struct rg_guard *g)
{
	int alive;

	do {
		alive = 0;
		for (int i = 0; i < RG_ROSTER; i++)
			if (g->roster[i])
				alive += end_command(g->roster[i]);
		if (alive)
			wait_for(-1, 0, 1); /* nothing wakes it here */
	} while (alive);
}

/* The guardian has to leave its own cgroup before that can go. */
static void end_executions(const struct rg_guard *g)
{
	if (g->roster)
		end_roster(g);
	if (g->kill < 0)
		return;
	sys3(__NR_write, g->kill, "1", 1);
	while (populated(g->events)) {
		wait_for(g->events, POLLPRI_FLAG, 100);
		sys3(__NR_write, g->kill, "1", 1);
	}
	empty_directory(g->run, DEPTH);
	sys3(__NR_unlinkat, g->tree, "run", AT_REMOVEDIR_FLAG);
	sys3(__NR_write, g->home, "0", 1);
	sys3(__NR_unlinkat, g->tree, "guard", AT_REMOVEDIR_FLAG);
	sys3(__NR_unlinkat, g->base, g->name, AT_REMOVEDIR_FLAG);
}

/* All signals stay blocked: only KILL ends the guardian before its time. */
static __attribute__((noreturn)) void guard(const struct rg_guard *g)
{
	char byte;

	sys2(__NR_prctl, PR_SET_NAME, "rootgate-guard");
	sys2(__NR_prctl, PR_SET_DUMPABLE, 0);
	if (g->procs >= 0 && sys3(__NR_write, g->procs, "0", 1) < 0)
		sys1(__NR_exit_group, 1);
	sys0(__NR_setsid);
	sys1(__NR_chdir, "/");
	keep_own(g);
	for (;;) {
		long n = sys3(__NR_read, g->pipe, &byte, 1);

		if (n == 0 || (n < 0 && n != -EINTR))
			break;
	}
	end_executions(g);
	for (;;) {
		sys1(__NR_exit_group, 0);
		__builtin_trap();
	}
}

int rg_guard_start(struct rg_guard *g)
{
	static const uint64_t all = ~0ULL;
	struct rg_clone_args args;
	uint64_t old;
	long ret;

	args.flags = RG_CLONE_PIDFD | RG_CLONE_PARENT_SETTID;
	args.pidfd = (uint64_t)&g->pidfd;
	args.parent_tid = (uint64_t)&g->pid;
	args.exit_signal = 17; /* SIGCHLD */
	args.child_tid = args.stack = args.stack_size = args.tls = 0;
	args.set_tid = args.set_tid_size = args.cgroup = 0;
	if (g->leaf >= 0) {
		args.flags |= RG_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)g->leaf;
	}

	sys4(__NR_rt_sigprocmask, RG_SIG_SETMASK, &all, &old, RG_SIGSET_BYTES);
	ret = sys6(__NR_clone3, (long)&args, sizeof(args), 0, 0, 0, 0);
	if (ret == 0)
		guard(g);
	sys4(__NR_rt_sigprocmask, RG_SIG_SETMASK, &old, NULL, RG_SIGSET_BYTES);
	return ret < 0 ? (int)ret : 0;
}
