package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// checkScripts warns of programs that are scripts. The kernel opens the
// interpreter, and that opens the script again, by name (execve(2)).
func checkScripts(rules []*policy.Rule) policy.Findings {
	var findings policy.Findings
	for _, r := range rules {
		for _, p := range r.Programs {
			interpreter, ok := interpreterOf(p.Path)
			if !ok || slices.Contains(r.Effect.FS.Exec, interpreter) {
				continue
			}
			findings = append(findings, policy.Finding{
				ID: "X-SCRIPT", Severity: policy.SeverityWarning, Rule: r.ID, File: r.Pos.File, Line: r.Pos.Line, Column: r.Pos.Column,
				Message: fmt.Sprintf("program %s is a script, which %s opens again by name; grant that with fs: {exec: [%s]}, or run a program", p.Path, interpreter, interpreter),
			})
		}
	}
	return findings
}

// interpreterOf returns the program that runs a script, and whether path is one.
func interpreterOf(path string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false // checkPrograms says so
	}
	defer func() { _ = f.Close() }()
	// The kernel reads no more of the first line (BINPRM_BUF_SIZE).
	head, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil || !bytes.HasPrefix(head, []byte("#!")) {
		return "", false
	}
	line, _, _ := bytes.Cut(head[2:], []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return "/bin/sh", true
	}
	return words[0], true
}

// checkRoots warns of directories of path arguments that others than root may
// write: they can swap what a name means between the check and its use.
func checkRoots(programs []policy.Executable) policy.Findings {
	var findings policy.Findings
	for _, e := range programs {
		for i, r := range e.Rules {
			for k, l := range e.Usage[i].Lines {
				for _, h := range l.Placeholders() {
					if why := swappable(h); why != "" {
						pos := r.Lines[k].Pos
						findings = append(findings, policy.Finding{
							ID: "P-SYMLINKDIR", Severity: policy.SeverityWarning, Rule: r.ID, File: pos.File, Line: pos.Line, Column: pos.Column,
							Message: fmt.Sprintf("%s, who may swap what <%s> names; say owner: or bind: fd", why, h.Name),
						})
					}
				}
			}
		}
	}
	return findings
}

// swappable says who but root may swap the files of a path argument, or "".
func swappable(h argv.Placeholder) string {
	p := h.Type.Params()
	if h.Type.Name() != "path" || len(p.Owner) > 0 || p.BindFD {
		return ""
	}
	for _, root := range p.Under {
		if why := openTo(root); why != "" {
			return root + " " + why
		}
	}
	return ""
}

// unaccepted leaves out warnings that their rule accepts, and what is said twice
// because two programs share a rule.
func unaccepted(findings policy.Findings, rules []*policy.Rule) policy.Findings {
	accept := map[policy.RuleID][]string{}
	for _, r := range rules {
		accept[r.ID] = r.Accept
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(findings, func(f policy.Finding) bool {
		twice := seen[f.String()]
		seen[f.String()] = true
		return twice || f.Severity == policy.SeverityWarning && slices.Contains(accept[f.Rule], f.ID)
	})
}

// openTo says who but root may make entries in a directory, or "" for nobody.
func openTo(dir string) string {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return ""
	case st.Uid != 0:
		return fmt.Sprintf("belongs to uid %d", st.Uid)
	case info.Mode().Perm()&0o002 != 0:
		return "can be written by everybody"
	case info.Mode().Perm()&0o020 != 0 && st.Gid != 0:
		return fmt.Sprintf("can be written by gid %d", st.Gid)
	}
	return ""
}
