package argv

// Code says why arguments were refused. The zero value is CodeNoRule.
type Code uint8

// The reasons for a refusal.
const (
	// CodeNoRule: no rule was admissible at all.
	CodeNoRule Code = iota
	// CodeNoSuchSubcommand: only keywords could stand here, and this is none.
	CodeNoSuchSubcommand
	// CodeValueNotOfType: a value could stand here, and this is not one.
	CodeValueNotOfType
	// CodeValueOutOfRange: a number outside the bounds of the type.
	CodeValueOutOfRange
	// CodePathNotCanonical: a path with "..", ".", "//" or a trailing slash.
	CodePathNotCanonical
	// CodeDuplicateOption: a member of a set for the second time.
	CodeDuplicateOption
	// CodeMissingArgument: the arguments end too early.
	CodeMissingArgument
	// CodeExtraArgument: the arguments should have ended here.
	CodeExtraArgument
	// CodeValueMismatch: a <name!> has another value than <name>, or one that
	// cannot be told because the arguments can be read in two ways.
	CodeValueMismatch
)

// codeNames are the stable names, indexed by Code.
var codeNames = [...]string{
	"NO_RULE", "NO_SUCH_SUBCOMMAND", "VALUE_NOT_OF_TYPE", "VALUE_OUT_OF_RANGE",
	"PATH_NOT_CANONICAL", "DUPLICATE_OPTION", "MISSING_ARGUMENT", "EXTRA_ARGUMENT",
	"VALUE_MISMATCH",
}

// String returns the stable name of the code, as in "NO_RULE".
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return codeNames[CodeNoRule]
}

// ExpectKind is the kind of an expectation.
type ExpectKind uint8

// The kinds of expectation.
const (
	ExpectLiteral ExpectKind = iota
	ExpectType
	ExpectEnd
)

// Expect is one thing that could have stood at the failed argument.
type Expect struct {
	Kind ExpectKind
	// Text is the word as the line writes it, and empty for the end.
	Text string
	// Params are the types of the word, as in "int(1..60)".
	Params string
}

// Near is a line that came close, and the number of arguments it accepted.
type Near struct {
	Ref     LineRef
	Matched int
}

// Failure explains a refusal with lexical facts only. The zero value says that
// no rule was admissible.
type Failure struct {
	Code Code
	// Arg is the index in args of the first argument that no line accepts
	// after those before it; it is len(args) when the end came too early.
	Arg int
	// Expected is what could have stood there: keywords, then types, each
	// sorted by text, then the end; at most 64.
	Expected []Expect
	// Nearest are at most three lines, the closest first.
	Nearest []Near
	// Given is the index in args where a CodeDuplicateOption was given first, or
	// where the value stands that a CodeValueMismatch must equal, -1 if nowhere.
	Given int
	// Nested reports that the failed argument could have been the program of a
	// nested command, or stands behind one.
	Nested bool
	// Keyword is the keyword for which the program would read the failed argument,
	// when that is why it is refused; see Keywords. It may be a keyword of the
	// program that no line has.
	Keyword string
	// Suggest is a keyword that resembles the failed argument, or empty.
	Suggest string
}
