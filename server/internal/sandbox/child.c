/*
 * The child: from clone3 to execveat. It shares the daemon's memory while the
 * launching thread is suspended, so it makes system calls, writes step and err
 * and touches nothing else. Descriptors, working directory and signal handlers
 * are its own. The order of the steps is the security of the whole: each one
 * says why it stands where it does.
 */
#include <errno.h>
#include <stddef.h>

#include "launch.h"
#include "sys.h"

#define PR_SET_PDEATHSIG 1
#define PR_SET_DUMPABLE 4
#define PR_SET_KEEPCAPS 8
#define PR_CAPBSET_DROP 24
#define PR_SET_SECUREBITS 28
#define PR_SET_NO_NEW_PRIVS 38
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#define CAP_SETPCAP 8
/*
 * NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE, set and locked. KEEP_CAPS
 * stays free: it says nothing while NO_SETUID_FIXUP holds, and a program that
 * sets it around setuid(2), as ping does, must not fail (capabilities(7)).
 */
#define SECUREBITS_ALL 0xCF
#define O_PATH_CLOEXEC (010000000 | 02000000)
#define RESOLVE_NO_MAGICLINKS 0x02
#define SIGKILL_NR 9
#define LANDLOCK_RULE_PATH_BENEATH_NR 1
#define AT_EMPTY_PATH_FLAG 0x1000
#define CLOSE_RANGE_CLOEXEC_FLAG 4
#define O_CLOEXEC_FLAG 02000000

/* exit_group is in every filter; the trap is for a kernel that refuses it. */
static __attribute__((noreturn)) void fail(struct rg_launch *l, long ret)
{
	l->err = (int32_t)-ret;
	for (;;) {
		sys1(__NR_exit_group, 127);
		__builtin_trap();
	}
}

static inline __attribute__((always_inline)) void must(struct rg_launch *l, long ret)
{
	if (ret < 0)
		fail(l, ret);
}

/*
 * The child is born in its cgroup where the start-up canary has shown that it
 * survives that: on some kernels a child cloned into a cgroup dies at birth
 * once the cgroup or one above it was killed. Otherwise it joins by writing to
 * a descriptor opened beforehand, which waits for a grace period of the whole
 * machine: 8 to 150 microseconds. The guardian waits for the end of a pipe: a child that is stopped here must not
 * keep that pipe open beyond the daemon's death.
 */
static void enter_cgroup(struct rg_launch *l)
{
	l->step = RG_STEP_CGROUP;
	if (l->guard >= 0)
		must(l, sys1(__NR_close, l->guard));
	if (l->procs >= 0)
		must(l, sys3(__NR_write, l->procs, "0", 1));
}

/*
 * CLONE_CLEAR_SIGHAND leaves ignored signals ignored, and execve keeps that:
 * a command that inherits SIG_IGN for SIGTERM cannot be asked to end. KILL and
 * STOP answer EINVAL, as does nothing else.
 */
static void reset_signals(struct rg_launch *l)
{
	static const struct rg_sigaction fallback;

	l->step = RG_STEP_SIGNALS;
	for (int sig = 1; sig <= 64; sig++)
		sys4(__NR_rt_sigaction, sig, &fallback, NULL, RG_SIGSET_BYTES);
}

/*
 * What a process inherits beyond the obvious: session keyring, personality
 * (ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC survive execve), scheduling and I/O
 * class. A kernel without keyrings says ENOSYS. Getting less nice needs a
 * privilege that the daemon may lack: then the command stays nicer than asked.
 * An I/O priority that was asked for is set, or nothing runs.
 */
static void reset_attributes(struct rg_launch *l)
{
	static const int32_t priority;
	long ret;

	l->step = RG_STEP_ATTRIBUTES;
	ret = sys2(__NR_keyctl, 1 /* JOIN_SESSION_KEYRING */, NULL);
	if (ret != -ENOSYS)
		must(l, ret);
	must(l, sys1(__NR_personality, 0));
	must(l, sys3(__NR_sched_setscheduler, 0, 0 /* SCHED_OTHER */, &priority));
	ret = sys3(__NR_ioprio_set, 1 /* this process */, 0, l->ioprio);
	if (ret != -ENOSYS || l->ioprio != 0)
		must(l, ret);
	ret = sys3(__NR_setpriority, 0 /* PRIO_PROCESS */, 0, l->nice);
	if (ret != -EACCES && ret != -EPERM)
		must(l, ret);
}

/*
 * Sources lie at 10 or above, so no dup3 overwrites one. Everything else goes
 * close-on-exec here, before namespaces are entered: a directory descriptor
 * that leaks into the command is a bridge out of it (CVE-2024-21626); and
 * before the descriptor limit, which dup3 to 900 would run into. The program
 * itself is close-on-exec too; execveat has it open by then.
 */
static void place_descriptors(struct rg_launch *l)
{
	l->step = RG_STEP_DESCRIPTORS;
	for (int i = 0; i < 3; i++)
		must(l, sys3(__NR_dup3, l->fd[i], i, 0));
	if (l->program != RG_PROGRAM_FD)
		must(l, sys3(__NR_dup3, l->program, RG_PROGRAM_FD, O_CLOEXEC_FLAG));
	must(l, sys3(__NR_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG));
}

/*
 * Raising a hard limit needs CAP_SYS_RESOURCE, which the daemon's root may
 * lack (containers). The command then gets what the daemon may have itself:
 * never more than asked.
 */
static void set_limits(struct rg_launch *l)
{
	struct { uint64_t cur, max; } want, have;
	long ret;

	l->step = RG_STEP_LIMITS;
	for (uint32_t i = 0; i < l->nlimits; i++) {
		want.cur = l->limits[i].cur;
		want.max = l->limits[i].max;
		ret = sys4(__NR_prlimit64, 0, l->limits[i].resource, &want, NULL);
		if (ret == -EPERM) {
			must(l, sys4(__NR_prlimit64, 0, l->limits[i].resource, NULL, &have));
			if (want.max > have.max)
				want.max = have.max;
			if (want.cur > want.max)
				want.cur = want.max;
			ret = sys4(__NR_prlimit64, 0, l->limits[i].resource, &want, NULL);
		}
		must(l, ret);
	}
}

/* setns and unshare need CAP_SYS_ADMIN, which is gone after the identity. */
static void enter_netns(struct rg_launch *l)
{
	l->step = RG_STEP_NETNS;
	if (l->netns >= 0)
		must(l, sys2(__NR_setns, l->netns, RG_CLONE_NEWNET));
	else if (l->newnet)
		must(l, sys1(__NR_unshare, RG_CLONE_NEWNET));
}

/*
 * Landlock rules are inodes, and /proc/sys/net has other inodes in each
 * network namespace: these paths can be opened only now.
 */
static void add_late_paths(struct rg_launch *l)
{
	struct { uint64_t flags, mode, resolve; } how;
	struct { uint64_t access; int32_t parent; } __attribute__((packed)) rule;
	long fd;

	l->step = RG_STEP_LATE_PATHS;
	for (uint32_t i = 0; i < l->npaths; i++) {
		how.flags = O_PATH_CLOEXEC;
		how.mode = 0;
		how.resolve = RESOLVE_NO_MAGICLINKS;
		fd = sys4(__NR_openat2, -100 /* AT_FDCWD */, l->paths[i].path, &how, sizeof(how));
		must(l, fd);
		rule.access = l->paths[i].access;
		rule.parent = (int32_t)fd;
		must(l, sys4(__NR_landlock_add_rule, l->ruleset, LANDLOCK_RULE_PATH_BENEATH_NR,
			     &rule, 0));
		must(l, sys1(__NR_close, fd));
	}
}

/* By descriptor, and while root may still search it. */
static void enter_directory(struct rg_launch *l)
{
	l->step = RG_STEP_DIRECTORY;
	must(l, sys1(__NR_fchdir, l->dir));
	sys1(__NR_umask, l->umask);
}

/*
 * Uid 0 refills its capabilities from the bounding set at every execve, so
 * the set is cut first, while CAP_SETPCAP is still there. What the launching
 * thread has cut already stays cut; each drop costs two microseconds.
 */
static void cut_bounding(struct rg_launch *l)
{
	uint64_t rest = l->bounding & ~l->caps;

	l->step = RG_STEP_BOUNDING;
	for (uint64_t cap = 0; cap < 64; cap++)
		if (rest >> cap & 1)
			must(l, sys2(__NR_prctl, PR_CAPBSET_DROP, cap));
}

/*
 * Groups before the gid and the gid before the uid: each needs what the next
 * one gives up. KEEPCAPS keeps the permitted set across the change, and with
 * it a tracer of the same uid out until capset. A uid change sets the
 * dumpable flag of the *memory*, which is the daemon's: it goes back to 0 at
 * once, or a process of that uid could read the daemon through this child.
 * The result is read back, because -1 means "no change" to setresuid
 * (CVE-2019-14287) and because a security module may interfere.
 */
static void become(struct rg_launch *l)
{
	uint32_t r, e, s;
	long ret;

	l->step = RG_STEP_IDENTITY;
	must(l, sys2(__NR_setgroups, l->ngroups, l->groups));
	must(l, sys3(__NR_setresgid, l->gid, l->gid, l->gid));
	must(l, sys2(__NR_prctl, PR_SET_KEEPCAPS, 1));
	must(l, sys3(__NR_setresuid, l->uid, l->uid, l->uid));
	must(l, sys2(__NR_prctl, PR_SET_DUMPABLE, 0));

	must(l, sys3(__NR_getresuid, &r, &e, &s));
	if (r != l->uid || e != l->uid || s != l->uid)
		fail(l, -EPERM);
	must(l, sys3(__NR_getresgid, &r, &e, &s));
	if (r != l->gid || e != l->gid || s != l->gid)
		fail(l, -EPERM);
	ret = sys2(__NR_getgroups, 0, NULL);
	must(l, ret);
	if ((uint32_t)ret != l->ngroups)
		fail(l, -EPERM);
}

static long set_caps(uint64_t active, uint64_t inheritable)
{
	struct { uint32_t version; int32_t pid; } head;
	struct { uint32_t effective, permitted, inheritable; } data[2];

	head.version = 0x20080522; /* _LINUX_CAPABILITY_VERSION_3 */
	head.pid = 0;
	data[0].effective = data[0].permitted = (uint32_t)active;
	data[1].effective = data[1].permitted = (uint32_t)(active >> 32);
	data[0].inheritable = (uint32_t)inheritable;
	data[1].inheritable = (uint32_t)(inheritable >> 32);
	return sys2(__NR_capset, &head, data);
}

/*
 * Ambient capabilities are what survives execve, for uid 0 as well: NOROOT,
 * one of the securebits, ends root's refill. The securebits need SETPCAP, so
 * it stays until they are locked; locking NO_CAP_AMBIENT_RAISE before the
 * ambient set is raised would be EPERM.
 */
static void limit_caps(struct rg_launch *l)
{
	l->step = RG_STEP_CAPABILITIES;
	must(l, set_caps(l->caps | 1ULL << CAP_SETPCAP, l->caps));
	must(l, sys5(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
	for (uint64_t cap = 0; cap < 64; cap++)
		if (l->caps >> cap & 1)
			must(l, sys5(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
	must(l, sys2(__NR_prctl, PR_SET_SECUREBITS, SECUREBITS_ALL));
	must(l, set_caps(l->caps, l->caps));
}

/*
 * A change of credentials clears the parent death signal, so it is set after
 * the last one. If the daemon died in between, nobody would send it: then the
 * parent is another process by now. In a pid namespace the parent is outside
 * and always reads as 0; there the guardian knows the child from the roster.
 */
static void tie_to_parent(struct rg_launch *l)
{
	l->step = RG_STEP_DEATHSIG;
	must(l, sys2(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL_NR));
	if (sys0(__NR_getppid) != l->parent)
		fail(l, -ESRCH);
}

/*
 * no_new_privs comes before Landlock and seccomp, which demand it of a
 * process without CAP_SYS_ADMIN. Landlock comes before the filter, which
 * does not admit it. Pending signals are let in between: the handlers are the
 * default ones, and the mask would survive execve. From the filter on the
 * child makes exactly one more system call, or exits.
 */
static void confine(struct rg_launch *l)
{
	struct { uint16_t len; const void *filter; } program;
	static const uint64_t none;

	l->step = RG_STEP_NO_NEW_PRIVS;
	must(l, sys5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	l->step = RG_STEP_LANDLOCK;
	if (l->ruleset >= 0)
		must(l, sys2(__NR_landlock_restrict_self, l->ruleset, 0));
	l->step = RG_STEP_MASK;
	must(l, sys4(__NR_rt_sigprocmask, RG_SIG_SETMASK, &none, NULL, RG_SIGSET_BYTES));
	l->step = RG_STEP_SECCOMP;
	program.len = (uint16_t)l->nfilter;
	program.filter = l->filter;
	must(l, sys3(__NR_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, &program));
}

static void child(void *arg)
{
	struct rg_launch *l = arg;

	enter_cgroup(l);
	reset_signals(l);
	/* No controlling terminal; for a root child the filter denies TIOCSTI too. */
	l->step = RG_STEP_SESSION;
	must(l, sys0(__NR_setsid));
	reset_attributes(l);
	place_descriptors(l);
	set_limits(l);
	enter_netns(l);
	add_late_paths(l);
	enter_directory(l);
	cut_bounding(l);
	become(l);
	limit_caps(l);
	tie_to_parent(l);
	confine(l);
	/* The descriptor, not a path: what was verified is what runs. */
	l->step = RG_STEP_EXEC;
	fail(l, sys5(__NR_execveat, RG_PROGRAM_FD, "", l->argv, l->envp, AT_EMPTY_PATH_FLAG));
}

int rg_launch(struct rg_launch *l)
{
	static const uint64_t all = ~0ULL;
	struct rg_clone_args args;
	uint64_t old;
	long ret;

	l->step = RG_STEP_CLONE;
	l->err = 0;
	args.flags = RG_CLONE_VM | RG_CLONE_VFORK | RG_CLONE_PIDFD | RG_CLONE_PARENT_SETTID |
		     RG_CLONE_CLEAR_SIGHAND;
	if (l->newpid)
		args.flags |= RG_CLONE_NEWPID;
	args.pidfd = (uint64_t)&l->pidfd;
	args.parent_tid = (uint64_t)l->slot;
	args.child_tid = 0;
	args.exit_signal = 17; /* SIGCHLD */
	args.stack = (uint64_t)l->stack;
	args.stack_size = l->stack_size;
	args.tls = args.set_tid = args.set_tid_size = args.cgroup = 0;
	if (l->leaf >= 0) {
		args.flags |= RG_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)l->leaf;
	}

	/* pthread_sigmask cannot block 32 and 33; this can. */
	sys4(__NR_rt_sigprocmask, RG_SIG_SETMASK, &all, &old, RG_SIGSET_BYTES);
	ret = sys_clone3(&args, sizeof(args), child, l);
	sys4(__NR_rt_sigprocmask, RG_SIG_SETMASK, &old, NULL, RG_SIGSET_BYTES);
	return ret < 0 ? (int)ret : 0;
}
