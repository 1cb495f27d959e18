// Package escapes holds what is known about programs that do more than their
// name says: which arguments make them run another program, open a shell, read
// or write a file of the caller's choice, or load code.
//
// It refuses to interpret it: the files are data in the notation of package
// policy, which decodes them strictly. Each entry was written from the manual
// page that it names.
//
// # The files
//
// A file maps the basenames of programs to entries:
//
//	binaries:
//	  tar:
//	    man: tar(1)
//	    also: [gtar]                 # other names, * and ? as in a shell
//	    escapes:
//	      - kind: exec               # see below
//	        note: runs a program at each checkpoint
//	        has: |
//	          --checkpoint-action=exec=<cmd>
//
// A line of "has" is arguments that stand next to each other, with anything
// before and behind them; a line of "argv" is the whole of the arguments. Both
// are usage lines. Beside the types of the language there are the names
//
//	<cmd>    a program, or a command for a shell
//	<read>   a file that no rule means to give away
//	<write>  a file that no rule means to have written
//	<dir>    a directory of such files
//	<file>   a file of the caller's own
//	<word>   text that does not begin with "-"
//
// All but the last stand for few samples, such as /etc/shadow: a rule whose paths
// are held to another directory does not accept them, and what a rule spells out
// itself is no sample.
//
// The kinds exec, shell, file-read, file-write, library-load and batch (commands
// from a file) are escapes. "stdin: true" says that one needs standard input. Two
// more are worth a warning where their files or their input are not held to
// anything: config is a file that says what the program does, and commands is
// standard input that does.
//
// "interpreter: true" marks a program whose work is to run what others wrote,
// and "terminal: TEXT" one that asks for a terminal or starts a pager.
package escapes

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Files returns the data, one file for a family of programs.
func Files() fs.FS { return files }
