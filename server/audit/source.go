package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	segmentPrefix = "audit-"
	segmentSuffix = ".jsonl"
	segmentDigits = 8
	tornSuffix    = ".torn"
)

// segmentName returns audit-00000001.jsonl for 1.
func segmentName(n uint64) string {
	return fmt.Sprintf("%s%0*d%s", segmentPrefix, segmentDigits, n, segmentSuffix)
}

// segmentNumber is the inverse of segmentName; ok is false for any other name.
func segmentNumber(name string) (n uint64, ok bool) {
	s, ok := strings.CutPrefix(name, segmentPrefix)
	if !ok {
		return 0, false
	}
	if s, ok = strings.CutSuffix(s, segmentSuffix); !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && n > 0 && segmentName(n) == name
}

// segmentNumbers picks the segments among names, in order.
func segmentNumbers(names []string) []uint64 {
	var ns []uint64
	for _, name := range names {
		if n, ok := segmentNumber(name); ok {
			ns = append(ns, n)
		}
	}
	slices.Sort(ns)
	return ns
}

// source is one file of a log that is read.
type source struct {
	name   string
	number uint64 // 0: not named like a segment
	last   bool   // may grow while it is read
	open   func() (io.ReadCloser, error)
}

// sources lists the files of the log at path, which is a directory or one file.
func sources(path string) (list []source, directory bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	if !info.IsDir() {
		n, _ := segmentNumber(filepath.Base(path))
		open := func() (io.ReadCloser, error) { return openRegular(path, 0) }
		return []source{{name: filepath.Base(path), number: n, last: true, open: open}}, false, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, true, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	for _, n := range segmentNumbers(names) {
		file := filepath.Join(path, segmentName(n))
		list = append(list, source{name: segmentName(n), number: n, open: func() (io.ReadCloser, error) {
			return openRegular(file, syscall.O_NOFOLLOW)
		}})
	}
	if len(list) == 0 {
		return nil, true, fmt.Errorf("%w in %q", ErrNoLog, path)
	}
	list[len(list)-1].last = true
	return list, true, nil
}

// openRegular opens a file for reading and refuses what is no regular file: a FIFO
// would block the reader for ever.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|flags, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
