package policy

import (
	"maps"
	"path"
	"slices"
)

// Overlay returns the files of a policy that lies in several directories, given
// the files of each, the lowest directory first. Of files with one name the one
// of the highest directory counts, and an empty one takes the others away; a note
// says of each what it stands for. Fewer rules allow less, but what the other
// file said may never be allowed is gone as well. A file that is empty and
// stands for none stays, for Load to refuse.
func Overlay(dirs ...[]File) ([]File, Findings) {
	top := make(map[string]File)
	below := make(map[string]string) // by name, what the file stands for
	for _, files := range dirs {
		for _, f := range files {
			name := path.Base(f.Name)
			if old, ok := top[name]; ok {
				below[name] = old.Name
			}
			top[name] = f
		}
	}
	out := make([]File, 0, len(top))
	var notes Findings
	for _, name := range slices.Sorted(maps.Keys(top)) {
		f, old := top[name], below[name]
		what := "this file is read instead of "
		if old != "" && len(f.Data) == 0 {
			what = "this empty file takes away "
		} else {
			out = append(out, f)
		}
		if old != "" {
			notes = append(notes, Finding{
				ID: "F-MASK", Severity: SeverityNote, File: f.Name,
				Message: what + old + " and all that it says, never: included",
			})
		}
	}
	return out, notes
}
