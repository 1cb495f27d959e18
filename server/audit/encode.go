package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// MaxRecordBytes bounds a line of the log, its newline included. The limits below,
// in bytes as JSON, add up to less.
const MaxRecordBytes = 64 << 10

const (
	maxToken    = 4096     // argv: bytes of one token
	maxArgv     = 32 << 10 // argv: bytes in all
	maxArgvJSON = 40 << 10 // argv: bytes in all as JSON
	maxGroups   = 64       // caller.groups
	maxPath     = 4096     // cwd, program
	maxMessage  = 2048     // message
	maxText     = 1024     // reason, launch_error
	maxName     = 512      // rule, netns, argv0
	maxShort    = 128      // ids, hashes, version, ended_by
	maxEnv      = 4096     // env in all
	maxList     = 1024     // caps, seccomp in all
	ellipsis    = "…"      // ends what was cut
	wallLayout  = "2006-01-02T15:04:05.000000000Z"
)

// AppendJSON appends r as the JSON object that the log holds, but without "h".
func (r *Record) AppendJSON(b []byte) []byte {
	e := encoder{b: b}
	e.record(r)
	return append(e.b, '}')
}

// encoder writes records. It keeps its buffers, so that a record costs no
// allocation; it is not safe for concurrent use.
type encoder struct {
	b       []byte
	scratch []byte
}

// record appends r without the closing brace: "h" follows.
func (e *encoder) record(r *Record) {
	e.b = append(e.b, '{')
	e.uint("seq", r.Seq)
	e.key("type")
	e.b = append(e.b, '"')
	e.b = append(e.b, typeName[min(r.Type, typeCount-1)]...)
	e.b = append(e.b, '"')
	if !r.Wall.IsZero() {
		e.key("wall")
		e.b = append(e.b, '"')
		e.b = r.Wall.UTC().AppendFormat(e.b, wallLayout)
		e.b = append(e.b, '"')
	}
	e.uint("mono_ns", r.MonoNS)
	e.str("boot_id", r.BootID, maxShort)
	e.str("execution_id", r.ExecutionID, maxShort)
	if r.Caller != nil {
		e.caller(r.Caller)
	}
	if r.Request != nil {
		e.request(r.Request)
	}
	e.str("rule", r.Rule, maxName)
	e.int("line", int64(r.Line))
	e.uint("policy_generation", r.PolicyGeneration)
	e.str("policy_sha256", r.PolicySHA256, maxShort)
	if r.Launch != nil {
		e.launch(r.Launch)
	}
	if r.Outcome != nil {
		e.outcome(r.Outcome)
	}
	e.str("reason", r.Reason, maxText)
	e.str("message", r.Message, maxMessage)
	e.uint("count", r.Count)
	e.str("version", r.Version, maxShort)
}

func (e *encoder) caller(c *Caller) {
	e.key("caller")
	e.b = append(e.b, '{')
	e.uint("uid", uint64(c.UID))
	e.uint("gid", uint64(c.GID))
	e.int("pid", int64(c.PID))
	if len(c.Groups) > 0 {
		e.key("groups")
		e.b = append(e.b, '[')
		for _, g := range c.Groups[:min(len(c.Groups), maxGroups)] {
			e.comma()
			e.b = strconv.AppendUint(e.b, uint64(g), 10)
		}
		e.b = append(e.b, ']')
	}
	e.b = append(e.b, '}')
}

func (e *encoder) request(q *Request) {
	e.key("request")
	e.b = append(e.b, '{')
	cut := q.ArgvCut
	if len(q.Argv) > 0 {
		cut = e.argv(q.Argv) || cut
	}
	switch {
	case q.ArgvSHA256 != "":
		e.str("argv_sha256", q.ArgvSHA256, maxShort)
	case len(q.Argv) > 0:
		e.key("argv_sha256")
		e.hash(q.Argv)
	}
	e.bool("argv_cut", cut)
	e.list("env", q.Env, maxEnv)
	e.str("cwd", q.Cwd, maxPath)
	e.str("netns", q.Netns, maxName)
	e.uint("timeout_ms", q.TimeoutMS)
	e.key("argv_index")
	e.b = strconv.AppendInt(e.b, int64(q.ArgvIndex), 10)
	e.b = append(e.b, '}')
}

func (e *encoder) launch(l *Launch) {
	e.key("launch")
	e.b = append(e.b, '{')
	e.str("program", l.Program, maxPath)
	e.uint("dev", l.Dev)
	e.uint("ino", l.Ino)
	e.uint("uid", uint64(l.UID))
	e.uint("gid", uint64(l.GID))
	e.list("caps", l.Caps, maxList)
	e.list("seccomp", l.Seccomp, maxList)
	e.str("argv0", l.Argv0, maxName)
	e.str("argv_sha256", l.ArgvSHA256, maxShort)
	e.uint("timeout_ms", l.TimeoutMS)
	e.b = append(e.b, '}')
}

func (e *encoder) outcome(o *Outcome) {
	e.key("outcome")
	e.b = append(e.b, '{')
	e.key("code")
	e.b = strconv.AppendInt(e.b, int64(o.Code), 10)
	e.int("signal", int64(o.Signal))
	e.bool("seccomp_killed", o.SeccompKilled)
	e.str("ended_by", o.EndedBy, maxShort)
	e.str("launch_error", o.LaunchError, maxText)
	e.uint("wall_ns", o.WallNS)
	e.uint("cpu_ns", o.CPUNS)
	e.uint("stdout_bytes", o.StdoutBytes)
	e.uint("stderr_bytes", o.StderrBytes)
	e.uint("stdin_bytes", o.StdinBytes)
	e.int("pid", int64(o.PID))
	e.b = append(e.b, '}')
}

// seal closes the record that starts at e.b[start:] with its hash and a newline.
// The 32 bytes before start must hold the previous record's hash: one pass over
// adjoining bytes needs no hash state.
func (e *encoder) seal(start int) [sha256.Size]byte {
	sum := sha256.Sum256(e.b[start-sha256.Size:])
	e.b = append(e.b, `,"h":"`...)
	e.b = hex.AppendEncode(e.b, sum[:])
	e.b = append(e.b, "\"}\n"...)
	return sum
}
