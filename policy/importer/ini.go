package importer

import (
	"fmt"
	"strings"
)

// The bounds of one source file.
const (
	maxSourceBytes = 1 << 20
	maxSourceLines = 1 << 14
)

// Source is a file to import. Name is what positions show.
type Source struct {
	Name string
	Data []byte
}

// Position is a line of a source file, counted from 1.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// String returns the position as file:line.
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// option is one name of an INI section with its value.
type option struct {
	name  string // lower case
	value string // lines joined by newlines
	line  int    // of the assignment that counts
	text  []string
}

// iniFile is an INI file as Python's RawConfigParser(strict=False) reads it.
type iniFile struct {
	defaults []option
	sections map[string][]option
	// replaced are assignments that a later one of the same name made void.
	replaced []option
}

// section returns the options of a section with those of DEFAULT, which stand
// first.
func (f *iniFile) section(name string) ([]option, bool) {
	own, ok := f.sections[name]
	if !ok {
		return nil, false
	}
	out := make([]option, 0, len(f.defaults)+len(own))
	out = append(out, f.defaults...)
	for _, o := range own {
		out = assign(out, o, nil)
	}
	return out, true
}

// assign sets an option: a name that is there keeps its place.
func assign(list []option, o option, replaced *[]option) []option {
	for i := range list {
		if list[i].name == o.name {
			if replaced != nil {
				*replaced = append(*replaced, list[i])
			}
			list[i] = o
			return list
		}
	}
	return append(list, o)
}

// iniReader is the state of parseINI.
type iniReader struct {
	file    *iniFile
	section string
	open    bool    // a section has begun
	current *option // the option that an indented line continues
	indent  int
}

// parseINI reads an INI file. The error names the first line that the source's
// own parser would refuse the file for.
func parseINI(src Source) (*iniFile, error) {
	if len(src.Data) > maxSourceBytes {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", src.Name, len(src.Data), maxSourceBytes)
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(src.Data))
	lines := strings.Split(text, "\n")
	if len(lines) > maxSourceLines {
		return nil, fmt.Errorf("%s has more than %d lines", src.Name, maxSourceLines)
	}
	r := &iniReader{file: &iniFile{sections: make(map[string][]option)}}
	for i, line := range lines {
		if err := r.line(line, i+1); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", src.Name, i+1, err)
		}
	}
	r.flush()
	return r.file, nil
}

// line reads one line. A comment or blank line neither ends nor continues a
// value.
func (r *iniReader) line(line string, number int) error {
	value := strings.TrimSpace(line)
	if value == "" || value[0] == '#' || value[0] == ';' {
		if value == "" && r.current != nil {
			r.current.value += "\n"
		}
		return nil
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t\v\f"))
	if r.current != nil && indent > r.indent {
		r.current.value += "\n" + value
		r.current.text = append(r.current.text, value)
		return nil
	}
	r.indent = indent
	if value[0] == '[' {
		if end := strings.LastIndexByte(value, ']'); end > 1 {
			r.flush()
			r.section, r.open = value[1:end], true
			if _, ok := r.file.sections[r.section]; !ok && r.section != "DEFAULT" {
				r.file.sections[r.section] = nil
			}
			return nil
		}
	}
	if !r.open {
		return fmt.Errorf("%q stands before the first section", clip(value))
	}
	at := strings.IndexAny(value, "=:")
	if at <= 0 {
		return fmt.Errorf("%q is no option: expected NAME: VALUE", clip(value))
	}
	r.flush()
	r.current = &option{
		name: strings.ToLower(strings.TrimSpace(value[:at])), value: strings.TrimSpace(value[at+1:]),
		line: number, text: []string{value},
	}
	return nil
}

// flush ends the option that is being read.
func (r *iniReader) flush() {
	if r.current == nil {
		return
	}
	o := *r.current
	o.value = strings.TrimRight(o.value, " \t\n\v\f")
	if r.section == "DEFAULT" {
		r.file.defaults = assign(r.file.defaults, o, &r.file.replaced)
	} else {
		r.file.sections[r.section] = assign(r.file.sections[r.section], o, &r.file.replaced)
	}
	r.current = nil
}

// clip shortens foreign text for a message.
func clip(s string) string {
	const limit = 80
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
