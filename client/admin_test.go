package client_test

import (
	"errors"
	"testing"

	"github.com/rootgate-project/rootgate/client"
)

func TestExplain(t *testing.T) {
	c, _ := start(t)
	resp, err := c.Command("echo").Explain(t.Context())
	if err != nil || !resp.GetAllowed() || resp.GetDecision().GetRule() != "fake.echo" {
		t.Errorf("got %v, %v", resp, err)
	}
	resp, err = c.Command("deny").Explain(t.Context())
	if err != nil || resp.GetAllowed() || resp.GetDenial().GetDidYouMean() != "9000" {
		t.Errorf("got %v, %v", resp, err)
	}
	if _, err = c.Command("\xff").Explain(t.Context()); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("got %v, want %v", err, client.ErrInvalid)
	}
}

func TestAdmin(t *testing.T) {
	c, _ := start(t)
	commands, err := c.List(t.Context())
	if err != nil || len(commands) != 2 || commands[0].GetRule() != "net.ip" {
		t.Errorf("List: got %v, %v", commands, err)
	}
	status, err := c.Status(t.Context())
	if err != nil || status.GetAudit().GetSeq() != 42 {
		t.Errorf("Status: got %v, %v", status, err)
	}
	policy, err := c.Reload(t.Context())
	if err != nil || policy.GetGeneration() != 7 {
		t.Errorf("Reload: got %v, %v", policy, err)
	}
	running, err := c.Executions(t.Context())
	if err != nil || len(running) != 1 || running[0].GetExecutionId() != "exec-9" {
		t.Errorf("Executions: got %v, %v", running, err)
	}
	if err := c.Kill(t.Context(), "exec-9"); err != nil {
		t.Errorf("Kill: %v", err)
	}
	if err := c.Kill(t.Context(), "exec-0"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("Kill: got %v, want %v", err, client.ErrNotFound)
	}
}

func TestAdminWithoutServer(t *testing.T) {
	c, server := start(t)
	server.Stop()
	_, list := c.List(t.Context())
	_, status := c.Status(t.Context())
	_, reload := c.Reload(t.Context())
	_, running := c.Executions(t.Context())
	for name, err := range map[string]error{"List": list, "Status": status, "Reload": reload, "Executions": running} {
		if !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("%s: got %v, want %v", name, err, client.ErrUnavailable)
		}
	}
}
