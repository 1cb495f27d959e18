package audit

import "fmt"

// Type is what a record says. The zero value is never written.
type Type uint8

// The types of records, as in rootgate.v1.AuditRecord.Type.
const (
	TypeUnspecified Type = iota
	TypeStart            // the server started
	TypeReload           // a policy was installed, or refused (Reason is set)
	TypeDeny             // a request was refused
	TypeIntent           // a command is about to be launched
	TypeExec             // a command was launched
	TypeEnd              // a command ended, its whole tree is dead
	TypeAbort            // a command of a server that died
	TypeRecovered        // a torn tail was cut off, or a segment given up
	TypeSuppressed       // refusals that were counted only
	TypeStop             // the server stopped
	TypeProgram          // a pinned program was replaced
	typeCount
)

const typePrefix = "TYPE_"

// typeName is indexed by Type.
var typeName = [typeCount]string{
	"TYPE_UNSPECIFIED", "TYPE_START", "TYPE_RELOAD", "TYPE_DENY", "TYPE_INTENT",
	"TYPE_EXEC", "TYPE_END", "TYPE_ABORT", "TYPE_RECOVERED", "TYPE_SUPPRESSED",
	"TYPE_STOP", "TYPE_PROGRAM",
}

// String returns the name for people: INTENT, END and so on.
func (t Type) String() string {
	if t >= typeCount {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeName[t][len(typePrefix):]
}

// UnmarshalText takes the name in the log: TYPE_INTENT, TYPE_END and so on.
func (t *Type) UnmarshalText(text []byte) error {
	for i := TypeStart; i < typeCount; i++ {
		if typeName[i] == string(text) {
			*t = i
			return nil
		}
	}
	return fmt.Errorf("unknown record type %q", text)
}

// closing reports whether t settles what an earlier record began. Such a record
// is tried even when space is low or the log has just failed: its loss would
// leave a command open that ended.
func (t Type) closing() bool {
	return t == TypeExec || t == TypeEnd || t == TypeAbort || t == TypeRecovered || t == TypeStop
}
