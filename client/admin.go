package client

import (
	"context"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// Explain says what would be decided about the command, and why, without running
// it. Guards on the state of the host are not evaluated. A refusal is not an
// error here: it is in the response.
func (c *Cmd) Explain(ctx context.Context) (*rootgatev1.ExplainResponse, error) {
	req, err := c.request()
	if err != nil {
		return nil, err
	}
	resp, err := c.client.commands.Explain(ctx, &rootgatev1.ExplainRequest{
		Argv:      req.GetArgv(),
		Env:       req.GetEnv(),
		Cwd:       req.GetCwd(),
		Netns:     req.GetNetns(),
		WithStdin: c.Stdin != nil,
	})
	if err != nil {
		return nil, errorOf(ctx, err)
	}
	return resp, nil
}

// List returns the usage lines that this caller may run, by rule id and line.
func (c *Client) List(ctx context.Context) ([]*rootgatev1.AllowedCommand, error) {
	resp, err := c.commands.ListCommands(ctx, &rootgatev1.ListCommandsRequest{})
	if err != nil {
		return nil, errorOf(ctx, err)
	}
	return resp.GetCommands(), nil
}

// Status returns what the server enforces and what it is doing. For
// administrators.
func (c *Client) Status(ctx context.Context) (*rootgatev1.GetStatusResponse, error) {
	resp, err := c.admin.GetStatus(ctx, &rootgatev1.GetStatusRequest{})
	if err != nil {
		return nil, errorOf(ctx, err)
	}
	return resp, nil
}

// Reload has the server read its policy again and returns the one now in force.
// A policy with errors is refused with [ErrPrecondition], one [Violation] each,
// and the one before stays. For administrators.
func (c *Client) Reload(ctx context.Context) (*rootgatev1.PolicyStatus, error) {
	resp, err := c.admin.ReloadPolicy(ctx, &rootgatev1.ReloadPolicyRequest{})
	if err != nil {
		return nil, errorOf(ctx, err)
	}
	return resp.GetPolicy(), nil
}

// Executions returns the commands that run now, oldest first. For
// administrators.
func (c *Client) Executions(ctx context.Context) ([]*rootgatev1.Execution, error) {
	resp, err := c.admin.ListExecutions(ctx, &rootgatev1.ListExecutionsRequest{})
	if err != nil {
		return nil, errorOf(ctx, err)
	}
	return resp.GetExecutions(), nil
}

// Kill kills the whole process tree of one execution and returns when it is
// dead. [ErrNotFound] when it does not run. For administrators.
func (c *Client) Kill(ctx context.Context, executionID string) error {
	_, err := c.admin.KillExecution(ctx, &rootgatev1.KillExecutionRequest{ExecutionId: executionID})
	return errorOf(ctx, err)
}
