package importer

import "path"

// witness returns a command line that a line allows which takes any arguments,
// for a program of which nothing worse is known.
func witness(program string) []string {
	return []string{path.Base(program), "--any-option", "/etc/shadow"}
}

// chooses says, for programs, after which of their words a value chooses what
// the program runs or reads its orders from. Text of any form must not stand
// there.
func chooses(program, before string) bool {
	switch path.Base(program) {
	case "haproxy":
		return before == "-f"
	case "vtysh":
		return before == "-c" || before == "-f"
	case "ln", "cp", "mv", "cat", "tee", "ploop", "prl_disk_tool":
		return true
	}
	return false
}
