package peer

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound the connections.
type Limits struct {
	// Total is the number of connections at one time, above zero.
	Total int
	// PerUID is the number of connections of one user at one time, above zero.
	PerUID int
}

// Listener accepts connections whose caller the kernel names, within Limits. A
// connection over a limit, or without an identity, is closed at once: a caller
// that hoards connections cannot keep another from being accepted.
type Listener struct {
	*net.UnixListener
	limits Limits
	log    *slog.Logger
	// often bounds what hostile callers can make us log.
	often rate.Sometimes

	mu    sync.Mutex
	total int
	byUID map[uint32]int
}

// NewListener takes ownership of l.
func NewListener(l *net.UnixListener, limits Limits, log *slog.Logger) *Listener {
	return &Listener{UnixListener: l, limits: limits, log: log, often: rate.Sometimes{Interval: time.Second}, byUID: make(map[uint32]int)}
}

// Accept returns the next *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		info, pidfd, err := identify(c)
		if err != nil {
			l.often.Do(func() { l.log.Warn("refused connection", "error", err) })
			_ = c.Close()
			continue
		}
		if !l.enter(info.UID) {
			l.often.Do(func() { l.log.Warn("refused connection", "uid", info.UID, "error", "too many connections") })
			_ = pidfd.Close()
			_ = c.Close()
			continue
		}
		return &Conn{UnixConn: c, info: info, pidfd: pidfd, leave: sync.OnceFunc(func() { l.leave(info.UID) })}, nil
	}
}

func (l *Listener) enter(uid uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= l.limits.Total || l.byUID[uid] >= l.limits.PerUID {
		return false
	}
	l.total++
	l.byUID[uid]++
	return true
}

func (l *Listener) leave(uid uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.byUID[uid]--; l.byUID[uid] == 0 {
		delete(l.byUID, uid)
	}
}

// Conn is a connection with its caller's identity.
type Conn struct {
	*net.UnixConn
	info  *Info
	pidfd *os.File
	leave func()
}

// Close closes the connection and the descriptor of the caller's process.
func (c *Conn) Close() error {
	defer c.leave()
	return errors.Join(c.UnixConn.Close(), ignoreClosed(c.pidfd.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
