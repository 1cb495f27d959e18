package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/internal/broker"
	"github.com/rootgate-project/rootgate/server/internal/peer"
	"github.com/rootgate-project/rootgate/server/internal/throttle"
)

// Options are what the services work with.
type Options struct {
	Broker Broker
	Admin  Admin
	Log    *slog.Logger
	// Rate admits requests before they cost a goroutine.
	Rate *throttle.Rate
	// AdminGroup is nil where no group is configured.
	AdminGroup *uint32
	Reflection bool
}

// Server is the gRPC server with its health service.
type Server struct {
	*grpc.Server
	health *health.Server
}

// New returns a server that is not serving yet. Its limits hold whatever a
// caller sends; gRPC's own defaults are made for callers that one trusts.
func New(o Options) *Server {
	s := &service{broker: o.Broker, log: o.Log}
	g := grpc.NewServer(
		grpc.Creds(peer.Credentials{}),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxConcurrentStreams(64),
		grpc.MaxRecvMsgSize(256<<10),
		grpc.MaxSendMsgSize(4<<20),
		grpc.MaxHeaderListSize(8<<10),
		grpc.ConnectionTimeout(5*time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 30 * time.Second}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 5 * time.Minute, Time: time.Minute, Timeout: 10 * time.Second}),
		grpc.InitialWindowSize(64<<10),
		grpc.InitialConnWindowSize(256<<10),
		grpc.ReadBufferSize(16<<10),
		// A chunk of output goes out in one system call.
		grpc.WriteBufferSize(80<<10),
		grpc.WaitForHandlers(true),
		grpc.InTapHandle(tapRate(o.Rate)),
		grpc.UnaryInterceptor(s.recoverUnary),
		grpc.StreamInterceptor(s.recoverStream),
	)
	registrar := strict{g}
	rootgatev1.RegisterCommandServiceServer(registrar, s)
	a := &admin{service: s, admin: o.Admin}
	if o.AdminGroup != nil {
		a.group, a.hasGroup = *o.AdminGroup, true
	}
	rootgatev1.RegisterAdminServiceServer(registrar, a)
	h := health.NewServer()
	healthgrpc.RegisterHealthServer(registrar, h)
	if o.Reflection {
		reflection.Register(g)
	}
	server := &Server{Server: g, health: h}
	server.SetServing(false)
	return server
}

// SetServing sets what the health service says, of the server and of each
// service of ours.
func (s *Server) SetServing(serving bool) {
	state := healthgrpc.HealthCheckResponse_NOT_SERVING
	if serving {
		state = healthgrpc.HealthCheckResponse_SERVING
	}
	for _, name := range []string{"", rootgatev1.CommandService_ServiceDesc.ServiceName, rootgatev1.AdminService_ServiceDesc.ServiceName} {
		s.health.SetServingStatus(name, state)
	}
}

// receiveTime is how long a caller may take to send the first message of a call.
// Until it is whole, its bytes are held for a caller who has no slot yet.
const receiveTime = 5 * time.Second

type receiveTimer struct{}

// tapRate refuses a user's requests over its rate before they cost a goroutine,
// and bounds the time of each to arrive.
func tapRate(rate *throttle.Rate) tap.ServerInHandle {
	return func(ctx context.Context, _ *tap.Info) (context.Context, error) {
		info, err := peer.FromContext(ctx)
		if err != nil {
			return nil, status.Error(codes.PermissionDenied, err.Error())
		}
		if !rate.Allow(info.UID) {
			return nil, errRate
		}
		ctx, cancel := context.WithCancelCause(ctx)
		timer := time.AfterFunc(receiveTime, func() { cancel(context.DeadlineExceeded) })
		return context.WithValue(ctx, receiveTimer{}, timer), nil
	}
}

// received is called when the first message of a call is whole.
func received(ctx context.Context) {
	if timer, ok := ctx.Value(receiveTimer{}).(*time.Timer); ok {
		timer.Stop()
	}
}

// errRate is made once: it is given when there is too much to do.
var errRate = statusOf(&broker.Error{
	Kind: broker.KindExhausted, Reason: "RATE_LIMITED", Message: "too many requests of this user", RetryAfter: time.Second,
})

// recoverUnary makes a panic of one call the end of that call only. What it was
// about goes to the log, never to the caller.
func (s *service) recoverUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if r := recover(); r != nil {
			resp, err = nil, s.panicked(ctx, info.FullMethod, r)
		}
	}()
	return handler(ctx, req)
}

func (s *service) recoverStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = s.panicked(stream.Context(), info.FullMethod, r)
		}
	}()
	return handler(srv, stream)
}

func (s *service) panicked(ctx context.Context, method string, r any) error {
	id := s.newID()
	s.log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("id", id), slog.String("method", method),
		slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
	return status.Error(codes.Internal, "internal error "+id)
}
