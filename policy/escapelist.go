package policy

// KnownEscape is one way in which a program is known to do more than its name
// says, for a report.
type KnownEscape struct {
	Kind string // exec, shell, file-read, file-write, library-load or batch
	Note string // what it does, as in "runs a program in a VRF"
}

// KnownEscapes returns what is known about a program, by path or by name, in the
// order of the data; none for a program that nothing is known of.
func KnownEscapes(program string) []KnownEscape {
	k, err := known()
	if err != nil {
		return nil
	}
	b := k.lookup(program)
	if b == nil {
		return nil
	}
	var out []KnownEscape
	for _, e := range b.escapes {
		out = append(out, KnownEscape{e.kind, e.note})
	}
	return out
}
