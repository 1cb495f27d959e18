package program

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
)

// header is what the kernel's loader takes from the beginning of a program.
type header struct {
	interpreter string // PT_INTERP, or ""
}

// maxInterpreter is PATH_MAX, the kernel's bound for PT_INTERP.
const maxInterpreter = 4096

// maxLine is what is kept of a script's first line (BINPRM_BUF_SIZE less one).
const maxLine = 255

// readHeader accepts ELF programs for this machine and nothing else: scripts
// are refused because of how they are run, and other formats would be handed to
// whatever binfmt_misc names.
func readHeader(name string, content io.ReaderAt, size int64) (header, error) {
	refuse := func(format string, a ...any) (header, error) {
		return header{}, &NotExecutableError{Path: name, Why: fmt.Sprintf(format, a...)}
	}
	first := make([]byte, maxLine+2)
	n, err := content.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, fmt.Errorf("read %s: %w", name, err)
	}
	if line, ok := bytes.CutPrefix(first[:n], []byte("#!")); ok {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		return header{}, &ScriptError{Path: name, Interpreter: strings.Trim(string(line), " \t")}
	}
	file, err := elf.NewFile(io.NewSectionReader(content, 0, size))
	if err != nil {
		return refuse("is no ELF program")
	}
	if machine := nativeMachine(); file.Machine != machine || file.Class != elf.ELFCLASS64 {
		return refuse("is made for %v, not for %v", file.Machine, machine)
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN {
		return refuse("is an ELF file of type %v and no program", file.Type)
	}
	for _, segment := range file.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		if segment.Filesz < 2 || segment.Filesz > maxInterpreter {
			return refuse("names an interpreter of %d bytes", segment.Filesz)
		}
		raw := make([]byte, segment.Filesz)
		if _, err := segment.ReadAt(raw, 0); err != nil {
			return refuse("is cut off")
		}
		interpreter, rest, ok := strings.Cut(string(raw), "\x00")
		if !ok || rest != "" || !path.IsAbs(interpreter) {
			return refuse("names the interpreter %q, which is no absolute path", raw)
		}
		return header{interpreter: interpreter}, nil
	}
	return header{}, nil
}

func nativeMachine() elf.Machine {
	if runtime.GOARCH == "arm64" {
		return elf.EM_AARCH64
	}
	return elf.EM_X86_64
}
