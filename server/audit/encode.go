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
	maxLinks    = 8        // chain
	maxPath     = 4096     // cwd, program
	maxMessage  = 2048     // message
	maxText     = 1024     // reason, launch_error
	maxName     = 512      // rule, netns, argv0, caller.unit
	maxShort    = 128      // ids, hashes, version, ended_by
	maxEnv      = 4096     // env in all
	maxList     = 1024     // caps, seccomp in all
	ellipsis    = "…"      // ends what was cut
	wallLayout  = "2006-01-02T15:04:05.000000000Z"
)

// AppendJSON appends r as the JSON object that the log holds, but without "h".
func (r *Record) AppendJSON(b []byte) []byte { return append(appendRecord(b, r), '}') }

// appendRecord appends r without the closing brace: "h" follows.
func appendRecord(b []byte, r *Record) []byte {
	b = append(b, '{')
	b = appendUint(b, `"seq":`, r.Seq)
	b = appendKey(b, `"type":`)
	b = append(b, '"')
	b = append(b, typeName[min(r.Type, typeCount-1)]...)
	b = append(b, '"')
	if !r.Wall.IsZero() {
		b = appendKey(b, `"wall":`)
		b = append(b, '"')
		b = r.Wall.UTC().AppendFormat(b, wallLayout)
		b = append(b, '"')
	}
	b = appendUint(b, `"mono_ns":`, r.MonoNS)
	b = appendStr(b, `"boot_id":`, r.BootID, maxShort)
	b = appendStr(b, `"execution_id":`, r.ExecutionID, maxShort)
	if r.Caller != nil {
		b = appendCaller(b, r.Caller)
	}
	if r.Request != nil {
		b = appendRequest(b, r.Request)
	}
	b = appendStr(b, `"rule":`, r.Rule, maxName)
	b = appendInt(b, `"line":`, int64(r.Line))
	b = appendChain(b, r.Chain)
	b = appendUint(b, `"policy_generation":`, r.PolicyGeneration)
	b = appendStr(b, `"policy_sha256":`, r.PolicySHA256, maxShort)
	if r.Launch != nil {
		b = appendLaunch(b, r.Launch)
	}
	if r.Outcome != nil {
		b = appendOutcome(b, r.Outcome)
	}
	b = appendStr(b, `"reason":`, r.Reason, maxText)
	b = appendStr(b, `"message":`, r.Message, maxMessage)
	b = appendUint(b, `"count":`, r.Count)
	return appendStr(b, `"version":`, r.Version, maxShort)
}

func appendChain(b []byte, chain []Link) []byte {
	if len(chain) == 0 {
		return b
	}
	b = append(appendKey(b, `"chain":`), '[')
	for _, l := range chain[:min(len(chain), maxLinks)] {
		b = append(comma(b), '{')
		b = appendStr(b, `"rule":`, l.Rule, maxShort)
		b = appendInt(b, `"line":`, int64(l.Line))
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendCaller(b []byte, c *Caller) []byte {
	b = appendKey(b, `"caller":`)
	b = append(b, '{')
	b = appendUint(b, `"uid":`, uint64(c.UID))
	b = appendUint(b, `"gid":`, uint64(c.GID))
	b = appendInt(b, `"pid":`, int64(c.PID))
	if len(c.Groups) > 0 {
		b = appendKey(b, `"groups":`)
		b = append(b, '[')
		for _, g := range c.Groups[:min(len(c.Groups), maxGroups)] {
			b = comma(b)
			b = strconv.AppendUint(b, uint64(g), 10)
		}
		b = append(b, ']')
	}
	b = appendStr(b, `"unit":`, c.Unit, maxName)
	return append(b, '}')
}

func appendRequest(b []byte, q *Request) []byte {
	b = appendKey(b, `"request":`)
	b = append(b, '{')
	cut := q.ArgvCut
	if len(q.Argv) > 0 {
		var short bool
		b, short = appendArgv(b, q.Argv)
		cut = cut || short
	}
	switch {
	case q.ArgvSHA256 != "":
		b = appendStr(b, `"argv_sha256":`, q.ArgvSHA256, maxShort)
	case len(q.Argv) > 0:
		b = appendKey(b, `"argv_sha256":`)
		b = appendArgvHash(b, q.Argv)
	}
	b = appendBool(b, `"argv_cut":`, cut)
	b = appendList(b, `"env":`, q.Env, maxEnv)
	b = appendStr(b, `"cwd":`, q.Cwd, maxPath)
	b = appendStr(b, `"netns":`, q.Netns, maxName)
	b = appendUint(b, `"timeout_ms":`, q.TimeoutMS)
	b = appendKey(b, `"argv_index":`)
	b = strconv.AppendInt(b, int64(q.ArgvIndex), 10)
	return append(b, '}')
}

func appendLaunch(b []byte, l *Launch) []byte {
	b = appendKey(b, `"launch":`)
	b = append(b, '{')
	b = appendStr(b, `"program":`, l.Program, maxPath)
	b = appendUint(b, `"dev":`, l.Dev)
	b = appendUint(b, `"ino":`, l.Ino)
	b = appendUint(b, `"uid":`, uint64(l.UID))
	b = appendUint(b, `"gid":`, uint64(l.GID))
	b = appendList(b, `"caps":`, l.Caps, maxList)
	b = appendList(b, `"seccomp":`, l.Seccomp, maxList)
	b = appendStr(b, `"argv0":`, l.Argv0, maxName)
	b = appendStr(b, `"argv_sha256":`, l.ArgvSHA256, maxShort)
	b = appendUint(b, `"timeout_ms":`, l.TimeoutMS)
	return append(b, '}')
}

func appendOutcome(b []byte, o *Outcome) []byte {
	b = appendKey(b, `"outcome":`)
	b = append(b, '{')
	b = appendKey(b, `"code":`)
	b = strconv.AppendInt(b, int64(o.Code), 10)
	b = appendInt(b, `"signal":`, int64(o.Signal))
	b = appendBool(b, `"seccomp_killed":`, o.SeccompKilled)
	b = appendStr(b, `"ended_by":`, o.EndedBy, maxShort)
	b = appendStr(b, `"launch_error":`, o.LaunchError, maxText)
	b = appendUint(b, `"wall_ns":`, o.WallNS)
	b = appendUint(b, `"cpu_ns":`, o.CPUNS)
	b = appendUint(b, `"stdout_bytes":`, o.StdoutBytes)
	b = appendUint(b, `"stderr_bytes":`, o.StderrBytes)
	b = appendUint(b, `"stdin_bytes":`, o.StdinBytes)
	b = appendInt(b, `"pid":`, int64(o.PID))
	return append(b, '}')
}

// appendHash closes the record that starts at b[start:] with its hash and a newline.
// The 32 bytes before start must hold the previous record's hash: one pass over
// adjoining bytes needs no hash state.
func appendHash(b []byte, start int) ([]byte, [sha256.Size]byte) {
	sum := sha256.Sum256(b[start-sha256.Size:])
	b = append(b, `,"h":"`...)
	b = hex.AppendEncode(b, sum[:])
	return append(b, "\"}\n"...), sum
}
