package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// forkNoExec is PF_FORKNOEXEC of linux/sched.h: the process has not executed
// anything since it was cloned. A zombie keeps the flag.
const forkNoExec = 0x40

// procStat is what the launcher reads of /proc/PID/stat.
type procStat struct {
	state byte
	flags uint64
	start uint64 // clock ticks since boot; with the number, an identity
}

func (s procStat) neverExecuted() bool { return s.flags&forkNoExec != 0 }

func readStat(pid int) (procStat, error) {
	var block [512]byte
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return procStat{}, os.NewSyscallError("open", err)
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := unix.Read(fd, block[:])
	if err != nil {
		return procStat{}, os.NewSyscallError("read", err)
	}
	return parseStat(block[:n])
}

// parseStat starts behind the last parenthesis: the name of a process is its
// own choice, and may look like the rest of the line.
func parseStat(line []byte) (procStat, error) {
	at := bytes.LastIndexByte(line, ')')
	if at < 0 {
		return procStat{}, fmt.Errorf("parse stat: no name in %q", line)
	}
	fields := bytes.Fields(line[at+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return procStat{}, fmt.Errorf("parse stat: %d fields", len(fields))
	}
	st := procStat{state: fields[0][0]}
	var err error
	if st.flags, err = strconv.ParseUint(string(fields[6]), 10, 64); err != nil {
		return procStat{}, fmt.Errorf("parse stat: flags: %w", err)
	}
	if st.start, err = strconv.ParseUint(string(fields[19]), 10, 64); err != nil {
		return procStat{}, fmt.Errorf("parse stat: start time: %w", err)
	}
	return st, nil
}

// statusField is the value of one line of /proc/PID/status.
func statusField(status, name string) string {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// signalSet reads one of the signal masks of a status file; bit 0 is signal 1.
func signalSet(status, name string) (uint64, bool) {
	set, err := strconv.ParseUint(statusField(status, name), 16, 64)
	return set, err == nil
}
