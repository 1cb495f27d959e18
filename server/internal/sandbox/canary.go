package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// killCanary proves on a leaf of its own that a child can join and that
// cgroup.kill reaches it: on some hosts cgroup2 is mounted and does neither.
func killCanary(tree *cgroup.Tree) error {
	leaf, err := tree.Take()
	if err != nil {
		return err
	}
	defer tree.Put(leaf)
	k, w, err := bird(leaf.ProcsFD(), -1)
	if err != nil {
		return err
	}
	defer w.close()
	defer func() { _ = unix.Close(k.pipe) }()
	for alive := false; !alive; {
		if alive, err = leaf.Populated(); err != nil {
			return err
		}
		if status, err := w.peek(unix.WNOHANG); err != nil || status.pid != 0 {
			_, _ = w.reap(nil)
			return errors.New("a child cannot join a cgroup leaf")
		}
		runtime.Gosched()
	}
	err = leaf.End(5 * time.Second)
	_ = unix.PidfdSendSignal(k.pidfd, unix.SIGKILL, nil, 0)
	if err := errors.Join(err, w.await()); err != nil {
		return fmt.Errorf("cgroup.kill: %w", err)
	}
	return nil
}

// birthCanary proves that a child cloned into a leaf is in it and lives: after
// a cgroup.kill further up, some kernels kill it at birth.
func birthCanary(tree *cgroup.Tree) error {
	leaf, err := tree.Take()
	if err != nil {
		return err
	}
	defer tree.Put(leaf)
	k, w, err := bird(-1, leaf.DirFD())
	if err != nil {
		return err
	}
	defer w.close()
	alive, err := leaf.Populated()
	_ = unix.Close(k.pipe) // it exits with 0, if it can
	status, waited := w.exited()
	_, _ = w.reap(nil)
	switch {
	case err != nil || waited != nil:
		return errors.Join(err, waited)
	case !alive || status.code != codeExited || status.status != 0:
		return errors.New("a child cloned into a cgroup leaf does not live there")
	}
	return nil
}

func bird(procs, leaf int) (keeper, *waiter, error) {
	k, err := forkGuardian(nil, nil, procs, leaf)
	if err != nil {
		return keeper{}, nil, err
	}
	w, err := newWaiter(k.pidfd)
	if err != nil {
		_ = unix.Close(k.pipe) // it ends by itself
		return keeper{}, nil, err
	}
	return k, w, nil
}
