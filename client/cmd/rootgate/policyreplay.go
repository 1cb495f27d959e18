package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/audit"
)

const policyReplayLong = `Decide the requests of an audit log anew, a directory or one file, and show what a
policy would decide otherwise than the log says, and which lines of it no request
used. The caller is who the log says; names in the policy are accounts of this
machine, or of the files given. With --anyone, every rule admits: for a log of
another machine.

The log holds no values of variables and no standard input: they count as accepted
when the rule takes the variable. A request that was refused for one of them, by a
guard or for want of room, is judged only when the policy refuses it too. Nor is one
that the log has cut off. The chain of the log is not verified.

Exit status: 0 when every decision is the same; 3 when something would be newly
allowed, or run with another effect; 1 when something would be newly refused, and
nothing newly allowed; 2 when there is no verdict.`

func (a *app) policyReplay() *cobra.Command {
	var paths []string
	var passwd, group string
	var anyone bool
	cmd := &cobra.Command{
		Use:   "replay --policy PATH [flags] AUDIT",
		Short: "Decide the requests of an audit log anew",
		Long:  policyReplayLong,
		Args:  arguments("AUDIT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.newReplay(cmd.Context(), paths, passwd, group, anyone)
			if err == nil {
				err = r.read(a, args[0])
			}
			if err == nil {
				err = r.print(a)
			}
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if status := r.status(); status != 0 {
				return &exit{status: status}
			}
			return nil
		},
	}
	policyFlags(cmd, &paths, nil)
	cmd.Flags().StringVar(&passwd, "passwd", "/etc/passwd", "`file` of the users, as passwd(5)")
	cmd.Flags().StringVar(&group, "group", "/etc/group", "`file` of the groups, as group(5)")
	cmd.Flags().BoolVar(&anyone, "anyone", false, "let every rule admit the callers of the log")
	return cmd
}

// replay compares a log with what a policy decides.
type replay struct {
	snapshot *policy.Snapshot
	anyone   bool
	used     map[string]bool // places of lines
	changes  []*replayed     // each request once
	index    map[string]*replayed
	counts   map[string]int // decisions, by outcome
	hidden   int            // decisions beyond maxReplayed requests
}

// The outcomes of a decision.
const (
	replaySame    = "same"
	replayAllowed = "newly allowed"
	replayDenied  = "newly denied"
	replayEffect  = "other effect"
	replayUnknown = "not judged"
)

// maxReplayed bounds the different requests that are shown.
const maxReplayed = 1000

// replayed is a request that would be decided otherwise.
type replayed struct {
	Outcome string   `json:"outcome"` // newly allowed, newly denied or other effect
	Times   int      `json:"times"`
	UID     uint32   `json:"uid"`
	Argv    []string `json:"argv"`
	Netns   string   `json:"netns,omitempty"`
	Was     string   `json:"was"` // the reason, or the line as RULE:LINE
	Now     string   `json:"now"`
	Effect  string   `json:"effect,omitempty"` // what differs
	Record  uint64   `json:"record"`           // the first one
}

func (a *app) newReplay(ctx context.Context, paths []string, passwd, group string, anyone bool) (*replay, error) {
	files, err := readPolicy(paths)
	if err != nil {
		return nil, err
	}
	o := policy.Options{}
	if !anyone {
		accounts, err := readAccounts(passwd, group)
		if err != nil {
			return nil, err
		}
		o.Accounts = accounts
	}
	s, err := a.loadLoose(ctx, files, o)
	return &replay{
		snapshot: s, anyone: anyone, used: map[string]bool{}, index: map[string]*replayed{}, counts: map[string]int{},
	}, err
}

// read decides every request of the log at path.
func (r *replay) read(a *app, path string) error {
	log, err := audit.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	read, unread := 0, 0
	for {
		entry, err := log.Next()
		var bad *audit.LineError
		switch {
		case errors.Is(err, io.EOF) && read == 0 && unread > 0:
			return fmt.Errorf("%s holds no audit record", path)
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			a.warn("%v", bad)
			unread++
			continue
		case err != nil:
			return err
		}
		read++
		if (entry.Type == audit.TypeDeny || entry.Type == audit.TypeIntent) && entry.Request != nil && entry.Caller != nil {
			r.judge(&entry.Record)
		}
	}
}

// judge compares a record with what is decided now.
func (r *replay) judge(rec *audit.Record) {
	q := rec.Request
	d := r.decide(rec)
	out := &replayed{UID: rec.Caller.UID, Argv: q.Argv, Netns: q.Netns, Was: place(rec.Rule, int(rec.Line)), Times: 1, Record: rec.Seq}
	out.Now = string(d.Denial.Reason)
	if d.Allowed() {
		out.Now = place(string(d.Rule.ID), d.Line)
	}
	denied := rec.Type == audit.TypeDeny
	if denied {
		out.Was = rec.Reason
	}
	switch {
	case q.ArgvCut:
		out.Outcome = replayUnknown
	case denied && !d.Allowed():
		out.Outcome = replaySame
	case denied && !lexical(policy.Reason(rec.Reason)):
		out.Outcome = replayUnknown
	case denied:
		out.Outcome = replayAllowed
	case !d.Allowed():
		out.Outcome = replayDenied
	default:
		out.Outcome = replaySame
		if out.Effect = effectChange(rec.Launch, d.Rule.Effect); out.Effect != "" {
			out.Outcome = replayEffect
		}
	}
	if d.Allowed() && out.Outcome != replayUnknown {
		r.used[out.Now] = true
	}
	r.count(out)
}

// decide asks the policy for the request of a record.
func (r *replay) decide(rec *audit.Record) policy.Decision {
	q := policy.Request{Argv: rec.Request.Argv, Cwd: rec.Request.Cwd, Netns: rec.Request.Netns}
	var d policy.Decision
	if r.anyone {
		d = r.snapshot.DecideForAnyone(q)
	} else {
		c := rec.Caller
		d = r.snapshot.Decide(policy.Caller{UID: c.UID, GID: c.GID, Groups: c.Groups, Unit: c.Unit}, q)
	}
	if !d.Allowed() {
		return d
	}
	for _, name := range rec.Request.Env {
		passes := false
		for _, p := range d.Rule.Env.Pass {
			passes = passes || p.Name == name
		}
		if !passes {
			return policy.Decision{Rule: d.Rule, Line: d.Line, Denial: policy.Denial{Reason: policy.ReasonEnvNotAllowed, ArgvIndex: -1}}
		}
	}
	return d
}

// lexical reports whether a refusal was the policy's, for what a log holds.
func lexical(r policy.Reason) bool {
	switch r {
	case policy.ReasonEnvNotAllowed, policy.ReasonInvalidEnv:
		return false
	case policy.ReasonInvalidArgv, policy.ReasonNoRule, policy.ReasonNoSuchSubcommand, policy.ReasonValueNotOfType,
		policy.ReasonValueOutOfRange, policy.ReasonPathNotCanonical, policy.ReasonDuplicateOption,
		policy.ReasonMissingArgument, policy.ReasonExtraArgument, policy.ReasonValueMismatch, policy.ReasonAmbiguous,
		policy.ReasonNever, policy.ReasonCwdNotAllowed, policy.ReasonNetnsNotAllowed, policy.ReasonNetnsRequired:
		return true
	}
	return false
}

// effectChange says how what a record launched differs from an effect, as far as
// records tell.
func effectChange(l *audit.Launch, e policy.Effect) string {
	if l == nil {
		return ""
	}
	var out []string
	// The account of rules that name none is the server's to choose, and an id
	// of no account is no id at all.
	if e.User != policy.RunUser && e.UID < 1<<30 && l.UID != e.UID {
		out = append(out, fmt.Sprintf("uid %d -> %d", l.UID, e.UID))
	}
	for _, list := range []struct {
		name     string
		old, now []string
	}{{"caps", l.Caps, e.Caps}, {"seccomp", l.Seccomp, e.Seccomp}} {
		if old, now := strings.Join(list.old, ","), strings.Join(list.now, ","); old != now {
			out = append(out, fmt.Sprintf("%s %s -> %s", list.name, orNone(old), orNone(now)))
		}
	}
	return strings.Join(out, "; ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// count adds a decision to those like it.
func (r *replay) count(out *replayed) {
	r.counts[out.Outcome]++
	if out.Outcome == replaySame || out.Outcome == replayUnknown {
		return
	}
	key := fmt.Sprintf("%q %d %q %q %q %q", out.Outcome, out.UID, out.Argv, out.Netns, out.Was, out.Now)
	if old := r.index[key]; old != nil {
		old.Times++
		return
	}
	if len(r.changes) == maxReplayed {
		r.hidden++
		return
	}
	r.index[key] = out
	r.changes = append(r.changes, out)
}

func (r *replay) status() int {
	switch {
	case r.counts[replayAllowed] > 0 || r.counts[replayEffect] > 0:
		return statusWidens
	case r.counts[replayDenied] > 0:
		return statusFindings
	}
	return 0
}
