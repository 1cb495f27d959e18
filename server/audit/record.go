package audit

import "time"

// Record is one line of the log: rootgate.v1.AuditRecord in Go. The proto file
// documents each field. Strings and slices are bounded when they are encoded, not
// here; a string cut there ends in "…".
//
// Append fills in Seq, Wall, MonoNS and BootID and ignores what stands in them.
type Record struct {
	Seq              uint64    `json:"seq"`
	Type             Type      `json:"type"`
	Wall             time.Time `json:"wall"`
	MonoNS           uint64    `json:"mono_ns"`
	BootID           string    `json:"boot_id"`
	ExecutionID      string    `json:"execution_id"`
	Caller           *Caller   `json:"caller"`
	Request          *Request  `json:"request"`
	Rule             string    `json:"rule"`
	Line             int32     `json:"line"`
	Chain            []Link    `json:"chain"` // at most 8 are written
	PolicyGeneration uint64    `json:"policy_generation"`
	PolicySHA256     string    `json:"policy_sha256"`
	Launch           *Launch   `json:"launch"`
	Outcome          *Outcome  `json:"outcome"`
	Reason           string    `json:"reason"`
	Message          string    `json:"message"`
	Count            uint64    `json:"count"`
	Version          string    `json:"version"`
}

// Link is a line of a rule in a chain of nested commands.
type Link struct {
	Rule string `json:"rule"`
	Line int32  `json:"line"`
}

// Caller is a peer of the socket as the kernel knew it.
type Caller struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	PID    int32    `json:"pid"`
	Groups []uint32 `json:"groups"` // the first 64 are written
	Unit   string   `json:"unit"`   // the systemd service it ran in; empty: in none
}

// Request is what the caller asked for.
type Request struct {
	// Argv is cut when it is written: 4096 bytes a token, 32768 in all, and
	// 40960 in all as JSON. ArgvSHA256 always speaks of the whole; when empty,
	// Append computes it.
	Argv       []string `json:"argv"`
	ArgvSHA256 string   `json:"argv_sha256"`
	ArgvCut    bool     `json:"argv_cut"`
	Env        []string `json:"env"` // names only
	Cwd        string   `json:"cwd"`
	Netns      string   `json:"netns"`
	TimeoutMS  uint64   `json:"timeout_ms"`
	ArgvIndex  int32    `json:"argv_index"` // -1: not in argv; always written
}

// Launch is what is about to run.
type Launch struct {
	Program    string   `json:"program"`
	Dev        uint64   `json:"dev"`
	Ino        uint64   `json:"ino"`
	UID        uint32   `json:"uid"`
	GID        uint32   `json:"gid"`
	Caps       []string `json:"caps"`
	Seccomp    []string `json:"seccomp"`
	Argv0      string   `json:"argv0"`
	ArgvSHA256 string   `json:"argv_sha256"` // of the executed vector, by ArgvSHA256
	TimeoutMS  uint64   `json:"timeout_ms"`
}

// Outcome is how a command ended.
type Outcome struct {
	Code          int32  `json:"code"` // always written
	Signal        int32  `json:"signal"`
	SeccompKilled bool   `json:"seccomp_killed"`
	EndedBy       string `json:"ended_by"`
	LaunchError   string `json:"launch_error"`
	WallNS        uint64 `json:"wall_ns"`
	CPUNS         uint64 `json:"cpu_ns"`
	StdoutBytes   uint64 `json:"stdout_bytes"`
	StderrBytes   uint64 `json:"stderr_bytes"`
	StdinBytes    uint64 `json:"stdin_bytes"`
	PID           int32  `json:"pid"`
}
