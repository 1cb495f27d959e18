package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoFilters is a filter file without a [Filters] section: rootwrap itself
// does not start with one.
var ErrNoFilters = errors.New("no [Filters] section")

// filter is one line of a rootwrap filter file.
type filter struct {
	pos   Position
	name  string // lower case
	class string
	args  []string // what the class is made with
	text  []string // the source, line by line
}

// Conf is what a rootwrap.conf says about filters.
type Conf struct {
	FiltersPath []string // directories, as written
	ExecDirs    []string // directories for programs without one; nil: not said
}

// ParseConf reads a rootwrap.conf.
func ParseConf(src Source) (Conf, error) {
	f, err := parseINI(src)
	if err != nil {
		return Conf{}, err
	}
	var c Conf
	for _, o := range f.defaults {
		switch o.name {
		case "filters_path":
			c.FiltersPath = strings.Split(o.value, ",")
		case "exec_dirs":
			c.ExecDirs = strings.Split(o.value, ",")
		}
	}
	if len(c.FiltersPath) == 0 {
		return Conf{}, fmt.Errorf("%s has no filters_path in [DEFAULT]", src.Name)
	}
	return c, nil
}

// parseFilters reads the filters of a file in their order. void are those that
// a later one of the same name replaced.
func parseFilters(src Source) (list, void []filter, err error) {
	f, err := parseINI(src)
	if err != nil {
		return nil, nil, err
	}
	options, ok := f.section("Filters")
	if !ok {
		return nil, nil, fmt.Errorf("%s: %w", src.Name, ErrNoFilters)
	}
	for _, o := range options {
		list = append(list, newFilter(src.Name, o))
	}
	for _, o := range f.replaced {
		void = append(void, newFilter(src.Name, o))
	}
	return list, void, nil
}

func newFilter(file string, o option) filter {
	parts := strings.Split(o.value, ",")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return filter{
		pos: Position{file, o.line}, name: o.name, class: parts[0], args: parts[1:], text: slices.Clone(o.text),
	}
}

// same reports whether two filters say the same.
func (f filter) same(o filter) bool { return f.class == o.class && slices.Equal(f.args, o.args) }
