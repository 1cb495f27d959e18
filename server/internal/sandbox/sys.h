/*
 * Raw system calls. Neither the launched child nor the guardian may call the C
 * library: errno, the thread pointer and every lock belong to threads of the
 * daemon that are suspended (child) or do not exist (guardian), and glibc's
 * setresuid, setgroups and pthread_sigmask speak to all threads of a process.
 */
#ifndef ROOTGATE_SYS_H
#define ROOTGATE_SYS_H

#include <stdint.h>
#include <sys/syscall.h>

#define SYS_INLINE static inline __attribute__((always_inline, unused))

#if defined(__x86_64__)

/* x86-64 psABI, appendix A.2.1: number in rax; rcx and r11 are lost. */
SYS_INLINE long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/*
 * clone3 with a stack of the child's own. A C call around the instruction
 * would return on the child's empty stack, so the child calls entry(arg) from
 * here and never comes back. The two values travel in registers that the
 * kernel copies to the child unchanged.
 */
SYS_INLINE long sys_clone3(void *args, long size, void (*entry)(void *), void *arg)
{
	long ret;
	register void (*r12)(void *) __asm__("r12") = entry;
	register void *r13 __asm__("r13") = arg;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r13, %%rdi\n\t"
			 "callq *%%r12\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(ret)
			 : "a"((long)__NR_clone3), "D"(args), "S"(size), "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

/* arm64: number in x8, arguments and result from x0 on. */
SYS_INLINE long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

SYS_INLINE long sys_clone3(void *args, long size, void (*entry)(void *), void *arg)
{
	register long x8 __asm__("x8") = __NR_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = size;
	register void (*x19)(void *) __asm__("x19") = entry;
	register void *x20 __asm__("x20") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x30, xzr\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x19), "r"(x20)
			 : "memory");
	return x0;
}

#else
#error "rootgate's launcher knows x86_64 and arm64 only"
#endif

#define sys0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define sys1(n, a) sys6(n, (long)(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b) sys6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define sys3(n, a, b, c) sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sys4(n, a, b, c, d) sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sys5(n, a, b, c, d, e) \
	sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* struct clone_args of linux/sched.h, version 2 (Linux 5.7, 88 bytes). */
struct rg_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

/* The kernel's struct sigaction; its mask is 64 bits on both architectures. */
struct rg_sigaction {
	uint64_t handler, flags, restorer, mask;
};

#define RG_CLONE_VM 0x00000100ULL
#define RG_CLONE_PIDFD 0x00001000ULL
#define RG_CLONE_VFORK 0x00004000ULL
#define RG_CLONE_PARENT_SETTID 0x00100000ULL
#define RG_CLONE_NEWPID 0x20000000ULL
#define RG_CLONE_NEWNET 0x40000000ULL
#define RG_CLONE_CLEAR_SIGHAND 0x100000000ULL
#define RG_CLONE_INTO_CGROUP 0x200000000ULL

#define RG_SIG_SETMASK 2
#define RG_SIGSET_BYTES 8

#endif
