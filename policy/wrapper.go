package policy

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Wrapper names a program that does nothing but start another one in some
// setting. The server makes the setting itself and starts the other program: no
// wrapper is ever executed. The zero value is none.
type Wrapper string

// The wrappers.
const (
	WrapNetns   Wrapper = "netns"   // ip netns exec NAME: in a network namespace
	WrapIonice  Wrapper = "ionice"  // with an I/O priority
	WrapNice    Wrapper = "nice"    // with another niceness
	WrapEnv     Wrapper = "env"     // with variables, held to the nested rule's env: pass
	WrapTimeout Wrapper = "timeout" // with a lower limit of time
)

// wrapper is what is known of a Wrapper.
type wrapper struct {
	program string // its basename
	// usage are the arguments in front of the nested command that apply
	// understands. Every line of a rule that wraps is proved to accept no others.
	usage string
	apply func(args []string, c *command) *Denial
}

// wrappers are all there are.
var wrappers = map[Wrapper]wrapper{
	WrapNetns:   {"ip", "netns exec <ns:netns>", enterNetns},
	WrapIonice:  {"ionice", "{(-c <c:int(0..3)>|-c<c:int(0..3)>) | (-n <n:int(0..7)>|-n<n:int(0..7)>)}", setIonice},
	WrapNice:    {"nice", "[-n <n:int(-20..19)>|-n<n:int(-20..19)>|--adjustment=<n:int(-20..19)>]", setNice},
	WrapEnv:     {"env", "[<a:re([A-Za-z_][A-Za-z0-9_]*=.*)>]...", setEnv},
	WrapTimeout: {"timeout", "<d:re((0|[1-9][0-9]{0,6})(\\.[0-9]{1,3})?[smhd]?)>", setTimeout},
}

// command is what a request asks for, without the wrappers around it.
type command struct {
	rule     *Rule // whose effect holds, as written
	line     int   // of rule
	program  string
	digests  []string
	args     []string       // without argv[0]
	skip     int            // tokens of the request in front of the program
	captures []argv.Capture // of args
	outer    []argv.Capture // of the request, in front of the program
	starts   []started      // the nested commands that the program starts itself
	effect   Effect
	netns    string
	wrapped  bool // netns was named by a wrapper
	env      map[string]string
}

// started is a command that the executed program starts itself.
type started struct {
	program string
	args    []string // without argv[0]
}

// misread refuses what a wrapper does not understand. No line accepts it: the
// proofs of a policy say so, and a policy without proofs never runs.
func misread(w Wrapper, args []string) *Denial {
	return denial(ReasonInnerNotAllowed, "%s is no use of %s that the server can do by itself", quoteAll(args), w)
}

func enterNetns(args []string, c *command) *Denial {
	if len(args) != 3 || args[0] != "netns" || args[1] != "exec" || args[2] == "" {
		return misread(WrapNetns, args)
	}
	if c.netns != "" {
		return denial(ReasonNetnsNotAllowed, "the arguments name a network namespace, and so does the request")
	}
	c.netns, c.wrapped = args[2], true
	return nil
}

// The parts of an I/O priority (ioprio_set(2)).
const (
	ioClassNone   = 0
	ioClassBest   = 2
	ioClassIdle   = 3
	ioClassShift  = 13
	ioLevelMiddle = 4 // what ionice takes where nothing is said
	ioLevelIdle   = 7
)

// setIonice follows ionice(1): best effort where no class is said, and no level
// in the classes that have none.
func setIonice(args []string, c *command) *Denial {
	class, level := ioClassBest, ioLevelMiddle
	for rest := args; len(rest) > 0; {
		name, value := rest[0][:min(2, len(rest[0]))], ""
		if value, rest = rest[0][len(name):], rest[1:]; value == "" && len(rest) > 0 {
			value, rest = rest[0], rest[1:]
		}
		n, err := strconv.Atoi(value)
		switch {
		case err == nil && name == "-c" && 0 <= n && n <= ioClassIdle:
			class = n
		case err == nil && name == "-n" && 0 <= n && n <= ioLevelIdle:
			level = n
		default:
			return misread(WrapIonice, args)
		}
	}
	switch class {
	case ioClassNone:
		level = 0
	case ioClassIdle:
		level = ioLevelIdle
	}
	c.effect.IOPriority = uint16(class<<ioClassShift | level)
	return nil
}

// defaultNice is what nice(1) adds where nothing is said.
const defaultNice = 10

// setNice adds to the rule's niceness, as nice(1) adds to that of its caller.
func setNice(args []string, c *command) *Denial {
	n := defaultNice
	if len(args) > 0 {
		text, long := strings.CutPrefix(strings.Join(args, ""), "--adjustment=")
		if !long {
			var short bool
			if text, short = strings.CutPrefix(text, "-n"); !short {
				return misread(WrapNice, args)
			}
		}
		var err error
		if n, err = strconv.Atoi(text); err != nil || len(args) > 2 {
			return misread(WrapNice, args)
		}
	}
	c.effect.Nice = max(-20, min(c.effect.Nice+n, 19))
	return nil
}

// setEnv moves assignments to the variables that the request gives.
func setEnv(args []string, c *command) *Denial {
	env := make(map[string]string, len(c.env)+len(args))
	maps.Copy(env, c.env)
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if !ok || !envName.MatchString(name) {
			return misread(WrapEnv, args)
		}
		if _, twice := env[name]; twice {
			return denial(ReasonEnvNotAllowed, "the variable %s is given twice", quote(name))
		}
		env[name] = value
	}
	c.env = env
	return nil
}

// setTimeout lowers the limit of time. A duration of 0 is none, as timeout(1)
// has it: the rule's own limit stays.
func setTimeout(args []string, c *command) *Denial {
	if len(args) != 1 || args[0] == "" {
		return misread(WrapTimeout, args)
	}
	text, unit := args[0], time.Second
	switch text[len(text)-1] {
	case 's':
		text = text[:len(text)-1]
	case 'm':
		text, unit = text[:len(text)-1], time.Minute
	case 'h':
		text, unit = text[:len(text)-1], time.Hour
	case 'd':
		text, unit = text[:len(text)-1], 24*time.Hour
	}
	n, err := strconv.ParseFloat(text, 64)
	// 1e7 days fit a Duration; neither NaN nor an exponent gets here.
	if err != nil || n < 0 || n >= 1e7 || strings.Trim(text, "0123456789.") != "" {
		return misread(WrapTimeout, args)
	}
	if wall := min(n*float64(unit), float64(c.effect.Limits.Wall)); wall >= 1 {
		c.effect.Limits.Wall = time.Duration(wall)
	}
	return nil
}
