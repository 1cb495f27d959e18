package rpc

import (
	"context"
	"slices"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/internal/broker"
)

// admin serves root and the members of one group.
type admin struct {
	rootgatev1.UnimplementedAdminServiceServer
	*service
	admin Admin
	// group is the admin group; hasGroup is false where none is configured.
	group    uint32
	hasGroup bool
}

// allow refuses everyone else. Every handler calls it first.
func (a *admin) allow(ctx context.Context) error {
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	if c.UID == 0 || a.hasGroup && (c.GID == a.group || slices.Contains(c.Groups, a.group)) {
		return nil
	}
	return statusOf(&broker.Error{Kind: broker.KindDenied, Reason: "NOT_ADMIN", Message: "only root and the members of admin_group may do this"})
}

// GetStatus implements AdminService.
func (a *admin) GetStatus(ctx context.Context, _ *rootgatev1.GetStatusRequest) (*rootgatev1.GetStatusResponse, error) {
	if err := a.allow(ctx); err != nil {
		return nil, err
	}
	return a.admin.Status(), nil
}

// ReloadPolicy implements AdminService.
func (a *admin) ReloadPolicy(ctx context.Context, _ *rootgatev1.ReloadPolicyRequest) (*rootgatev1.ReloadPolicyResponse, error) {
	if err := a.allow(ctx); err != nil {
		return nil, err
	}
	st, findings, err := a.admin.Reload(ctx)
	switch {
	case err != nil:
		return nil, a.toStatus(ctx, err)
	case len(findings) > 0:
		return nil, statusOf(&broker.Error{
			Kind: broker.KindPrecondition, Reason: "POLICY_REFUSED", Violations: findings,
			Message: "the policy is refused and the last good one stays",
		})
	}
	return &rootgatev1.ReloadPolicyResponse{Policy: st}, nil
}

// ListExecutions implements AdminService.
func (a *admin) ListExecutions(ctx context.Context, _ *rootgatev1.ListExecutionsRequest) (*rootgatev1.ListExecutionsResponse, error) {
	if err := a.allow(ctx); err != nil {
		return nil, err
	}
	resp := &rootgatev1.ListExecutionsResponse{}
	for _, e := range a.broker.Executions() {
		resp.Executions = append(resp.Executions, execution(e))
	}
	return resp, nil
}

// WatchExecutions implements AdminService.
func (a *admin) WatchExecutions(_ *rootgatev1.WatchExecutionsRequest, stream rootgatev1.AdminService_WatchExecutionsServer) error {
	ctx := stream.Context()
	if err := a.allow(ctx); err != nil {
		return err
	}
	events, cancel := a.broker.Watch()
	defer cancel()
	kinds := map[broker.EventKind]rootgatev1.WatchExecutionsResponse_Event{
		broker.EventRunning: rootgatev1.WatchExecutionsResponse_EVENT_RUNNING,
		broker.EventStarted: rootgatev1.WatchExecutionsResponse_EVENT_STARTED,
		broker.EventEnded:   rootgatev1.WatchExecutionsResponse_EVENT_ENDED,
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-events:
			if !ok {
				return statusOf(&broker.Error{Kind: broker.KindExhausted, Reason: "WATCH_BEHIND", Message: "the watcher fell too far behind"})
			}
			if err := stream.Send(&rootgatev1.WatchExecutionsResponse{Event: kinds[e.Kind], Execution: execution(e.Execution)}); err != nil {
				return err
			}
		}
	}
}

// KillExecution implements AdminService.
func (a *admin) KillExecution(ctx context.Context, q *rootgatev1.KillExecutionRequest) (*rootgatev1.KillExecutionResponse, error) {
	if err := a.allow(ctx); err != nil {
		return nil, err
	}
	if q.GetExecutionId() == "" {
		return nil, invalid("INVALID_MESSAGE", "execution_id", "empty")
	}
	if err := a.broker.Kill(ctx, q.GetExecutionId()); err != nil {
		return nil, a.toStatus(ctx, err)
	}
	return &rootgatev1.KillExecutionResponse{}, nil
}
