package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// DefaultSocket is where rootgated listens unless it is told otherwise.
const DefaultSocket = "/run/rootgate/rootgate.sock"

// SocketVariable names the environment variable that replaces [DefaultSocket].
const SocketVariable = "ROOTGATE_SOCKET"

// maxMessage bounds a reply: 3 MiB of output and what surrounds it.
const maxMessage = 4 << 20

// window is how many bytes of output may be under way to a Writer that is slow.
// A fixed size spares the pings by which gRPC would estimate one: the other end
// of a Unix socket has no round trip to speak of.
const window = 1 << 20

// Client is a connection to rootgated. Its methods may be called from several
// goroutines at once. A connection that breaks is made anew by the next call.
type Client struct {
	conn     *grpc.ClientConn
	commands rootgatev1.CommandServiceClient
	admin    rootgatev1.AdminServiceClient
}

// Option changes how [Dial] connects.
type Option func(*options)

type options struct {
	userAgent string
	dialer    func(context.Context) (net.Conn, error)
}

// WithUserAgent puts a name before gRPC's own in the user agent.
func WithUserAgent(name string) Option {
	return func(o *options) { o.userAgent = name }
}

// WithDialer replaces how a connection is made. The function may be called more
// than once, from any goroutine, and gives up the connections it returns. The
// server knows its caller by the credentials of that connection.
func WithDialer(dial func(context.Context) (net.Conn, error)) Option {
	return func(o *options) { o.dialer = dial }
}

// DialError says why there is no connection. It is [ErrUnavailable], and wraps
// the error of the socket: a missing one is [fs.ErrNotExist], and one that this
// user may not use is [fs.ErrPermission].
type DialError struct {
	// Path of the socket.
	Path string
	// Err is the reason.
	Err error
}

// Error describes the reason and, where it is known, what to look at.
func (e *DialError) Error() string {
	hint := ""
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		hint = " (is rootgated running?)"
	case errors.Is(e.Err, fs.ErrPermission):
		hint = " (is this user in the group of the socket?)"
	}
	return fmt.Sprintf("dial %s: %v%s", e.Path, e.Err, hint)
}

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrUnavailable].
func (e *DialError) Is(target error) bool { return target == ErrUnavailable }

// Dial connects to rootgated and returns when the connection stands. address is
// the path of its Unix socket, with or without "unix:" before it; an empty one
// means $ROOTGATE_SOCKET, or else [DefaultSocket]. ctx bounds Dial only, not the
// connection. The error is a [*DialError].
func Dial(ctx context.Context, address string, opts ...Option) (*Client, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	path, err := socketPath(address)
	if err != nil {
		return nil, &DialError{Path: address, Err: err}
	}
	d := &dialer{dial: o.dialer}
	if d.dial == nil {
		d.dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
	}
	// The first connection is made here and handed to gRPC, which would hide the
	// error of the socket behind its own.
	if err := d.prepare(ctx); err != nil {
		return nil, &DialError{Path: path, Err: bare(err)}
	}
	conn, err := grpc.NewClient("passthrough:///"+path, dialOptions(o, d)...)
	if err != nil {
		d.discard()
		return nil, &DialError{Path: path, Err: err}
	}
	if err := ready(ctx, conn); err != nil {
		_ = conn.Close()
		d.discard()
		return nil, &DialError{Path: path, Err: err}
	}
	return &Client{
		conn:     conn,
		commands: rootgatev1.NewCommandServiceClient(conn),
		admin:    rootgatev1.NewAdminServiceClient(conn),
	}, nil
}

// Close ends the connection. Commands that still run on it are killed by the
// server.
func (c *Client) Close() error { return c.conn.Close() }

func dialOptions(o options, d *dialer) []grpc.DialOption {
	// A restarted server is back in milliseconds; gRPC's own pause grows to two
	// minutes, which is meant for networks.
	pause := backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}
	opts := []grpc.DialOption{
		// The kernel tells the server who is calling; nothing is proved by a
		// certificate, and nobody stands between the two ends.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(d.next),
		grpc.WithAuthority("rootgate"),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pause, MinConnectTimeout: time.Second}),
		grpc.WithStaticStreamWindowSize(window),
		grpc.WithStaticConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
	}
	if o.userAgent != "" {
		opts = append(opts, grpc.WithUserAgent(o.userAgent))
	}
	return opts
}

// ready waits until the server has answered on the connection.
func ready(ctx context.Context, conn *grpc.ClientConn) error {
	conn.Connect()
	for {
		switch s := conn.GetState(); s {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			return errors.New("the server closed the connection")
		default:
			if !conn.WaitForStateChange(ctx, s) {
				return ctx.Err()
			}
		}
	}
}

// socketPath returns the path that address means.
func socketPath(address string) (string, error) {
	if address == "" {
		address = os.Getenv(SocketVariable)
	}
	if address == "" {
		return DefaultSocket, nil
	}
	path, ok := strings.CutPrefix(address, "unix:")
	if ok {
		path = strings.TrimPrefix(path, "//")
	}
	switch {
	case path == "":
		return "", errors.New("the address has no path")
	case path[0] == '@' || strings.Contains(path, "\x00"):
		// An abstract socket has no file, so no owner and no mode: anybody may
		// stand in for the server (unix(7)).
		return "", errors.New("abstract sockets are not trusted")
	case strings.Contains(path, "://"):
		return "", errors.New("not the path of a Unix socket")
	}
	return path, nil
}

// bare returns the error of the system call in err, whose text would otherwise
// repeat the path.
func bare(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// dialer makes connections, the first of them ahead of time.
type dialer struct {
	dial func(context.Context) (net.Conn, error)

	mu    sync.Mutex
	first net.Conn
}

func (d *dialer) prepare(ctx context.Context) error {
	conn, err := d.dial(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.first = conn
	return nil
}

func (d *dialer) next(ctx context.Context, _ string) (net.Conn, error) {
	d.mu.Lock()
	conn := d.first
	d.first = nil
	d.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	return d.dial(ctx)
}

func (d *dialer) discard() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		_ = d.first.Close()
		d.first = nil
	}
}
