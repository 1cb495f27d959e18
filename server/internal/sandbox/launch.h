/* What the launcher threads hand to the child, and what comes back. */
#ifndef ROOTGATE_LAUNCH_H
#define ROOTGATE_LAUNCH_H

#include <stdint.h>

/* The steps in the order in which they run; step.go names them. */
enum rg_step {
	RG_STEP_CLONE,
	RG_STEP_CGROUP,
	RG_STEP_SIGNALS,
	RG_STEP_SESSION,
	RG_STEP_ATTRIBUTES,
	RG_STEP_DESCRIPTORS,
	RG_STEP_LIMITS,
	RG_STEP_NETNS,
	RG_STEP_LATE_PATHS,
	RG_STEP_DIRECTORY,
	RG_STEP_BOUNDING,
	RG_STEP_IDENTITY,
	RG_STEP_CAPABILITIES,
	RG_STEP_DEATHSIG,
	RG_STEP_NO_NEW_PRIVS,
	RG_STEP_LANDLOCK,
	RG_STEP_MASK,
	RG_STEP_SECCOMP,
	RG_STEP_EXEC,
};

/* The descriptor at which the program waits for execveat; filters name it. */
#define RG_PROGRAM_FD 900

struct rg_limit {
	uint32_t resource, reserved;
	uint64_t cur, max;
};

struct rg_path {
	const char *path;
	uint64_t access;
};

/*
 * One launch. The block belongs to one launcher thread and lives in memory
 * that no garbage collector moves. The first members are written by the kernel
 * (pid and pidfd, before the child first runs) and by the child while the
 * launching thread is suspended; other threads of the daemon read them.
 */
struct rg_launch {
	volatile int32_t pid, pidfd, step, err;

	volatile int32_t *slot;  /* where the kernel writes the pid: here or in the roster */
	int32_t guard;           /* write end of the guardian's pipe, or -1 */
	int32_t procs;           /* cgroup.procs of the leaf, for the child to write to, or -1 */
	int32_t leaf;            /* the leaf as a directory, for the child to be born in, or -1 */
	int32_t fd[3];           /* what becomes 0, 1 and 2; all at 10 or above */
	int32_t program;         /* O_PATH of the executable */
	int32_t dir;             /* working directory */
	int32_t netns;           /* network namespace, or -1 */
	int32_t ruleset;         /* Landlock ruleset, or -1 */
	int32_t parent;          /* what getppid() must say; 0 in a pid namespace */
	int32_t nice;
	uint32_t ioprio;         /* as ioprio_set takes it */
	uint32_t newpid, newnet; /* 1: a namespace of its own */
	uint32_t uid, gid, ngroups, umask;
	uint32_t nlimits, npaths, nfilter;
	uint64_t caps, bounding; /* wanted; and what the launching thread still has */
	const uint32_t *groups;
	const struct rg_limit *limits;
	const struct rg_path *paths;
	const void *filter; /* struct sock_filter[nfilter] */
	char *const *argv;
	char *const *envp;
	void *stack; /* lowest usable byte; a guard page lies below */
	uint64_t stack_size;
};

/*
 * rg_launch blocks every signal, clones the child, and returns when the child
 * has executed the program or is gone: 0, or a negative errno of clone3. A
 * zero says nothing about the child's own steps: l->step and l->err do.
 */
int rg_launch(struct rg_launch *l);

/*
 * Without cgroups each command is the init of a pid namespace, and the roster
 * names them to the guardian: a page shared with it, 0 is a free slot. The
 * kernel fills a slot before the child first runs.
 */
#define RG_ROSTER 4096

/* One guardian. Every descriptor is at 10 or above, or -1. */
struct rg_guard {
	volatile int32_t pid, pidfd;
	int32_t pipe;      /* read end; end of file is the daemon's death */
	int32_t procs;     /* cgroup.procs of the guardian's own cgroup */
	int32_t leaf;      /* a cgroup to be born in */
	int32_t home;      /* cgroup.procs of the cgroup that holds the subtree */
	int32_t kill;      /* cgroup.kill of the executions' cgroup */
	int32_t events;    /* cgroup.events of the executions' cgroup */
	int32_t run;       /* that cgroup as a directory */
	int32_t tree;      /* the subtree's directory */
	int32_t base;      /* the directory that holds the subtree */
	volatile int32_t *roster; /* RG_ROSTER process ids, or NULL */
	char name[64];     /* the subtree's name in base */
};

/* rg_guard_start forks the guardian: 0, or a negative errno of clone3. */
int rg_guard_start(struct rg_guard *g);

#endif
