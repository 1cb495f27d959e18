package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// maxObservedBytes bounds one file of observed command lines.
const maxObservedBytes = 64 << 20

// ReadObserved reads observed command lines from JSON, an object a line: either
// {"argv": [...]}, or a record of an audit log, of which those of commands that
// were started count. An error names the line.
func ReadObserved(src Source) ([][]string, error) {
	if len(src.Data) > maxObservedBytes {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", src.Name, len(src.Data), maxObservedBytes)
	}
	var out [][]string
	number := 0
	for line := range bytes.Lines(src.Data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var record struct {
			Argv    []string `json:"argv"`
			Type    string   `json:"type"`
			Request *struct {
				Argv    []string `json:"argv"`
				ArgvCut bool     `json:"argv_cut"`
			} `json:"request"`
		}
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", src.Name, number, err)
		}
		argv := record.Argv
		if record.Type == "TYPE_EXEC" && record.Request != nil && !record.Request.ArgvCut {
			argv = record.Request.Argv
		}
		if len(argv) > 0 {
			if out = append(out, argv); len(out) > maxObserved {
				return nil, fmt.Errorf("%s:%d: more than %d command lines", src.Name, number, maxObserved)
			}
		}
	}
	return out, nil
}
