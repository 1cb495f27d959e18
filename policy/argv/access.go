package argv

// Access is what a command may do with the file that a path argument names.
// The zero value is AccessRead.
type Access uint8

// The accesses of a path.
const (
	AccessRead Access = iota
	AccessWrite
	AccessExec
)

// FileKind is the kind of file that a path argument must name. The zero value
// asks for none.
type FileKind uint8

// The kinds of file.
const (
	KindAny FileKind = iota
	KindFile
	KindDir
	KindBlock
	KindChar
	KindSocket
	KindFIFO
)

// accessNames and kindNames are indexed by their constants.
var (
	accessNames = [...]string{"read", "write", "exec"}
	kindNames   = [...]string{"any", "file", "dir", "block", "char", "socket", "fifo"}
)

// String returns the name the policy uses.
func (a Access) String() string {
	if int(a) < len(accessNames) {
		return accessNames[a]
	}
	return "invalid"
}

// String returns the name the policy uses.
func (k FileKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// ParseAccess returns the access of that name.
func ParseAccess(name string) (Access, bool) {
	for i, n := range accessNames {
		if n == name {
			return Access(i), true
		}
	}
	return 0, false
}

// ParseFileKind returns the kind of that name.
func ParseFileKind(name string) (FileKind, bool) {
	for i, n := range kindNames {
		if n == name {
			return FileKind(i), true
		}
	}
	return 0, false
}
