package audit

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// bootClock tells CLOCK_BOOTTIME to 10 ms without a system call a record: package
// syscall has no clock_gettime, and the runtime's clock (CLOCK_MONOTONIC) stands
// while the machine is suspended. /proc/uptime counts that time (proc(5)), so the
// difference is taken from there once a second. It never runs backwards.
type bootClock struct {
	start time.Time
	base  uint64 // nanoseconds of CLOCK_BOOTTIME at start
}

func newBootClock() (*bootClock, error) {
	up, err := uptime()
	return &bootClock{start: time.Now(), base: up}, err
}

func (c *bootClock) now() uint64 { return c.base + uint64(time.Since(c.start)) }

// adjust follows a suspend. The caller serialises it with now.
func (c *bootClock) adjust() {
	if up, err := uptime(); err == nil && up > c.now()+uint64(time.Second) {
		c.base += up - c.now()
	}
}

func uptime() (uint64, error) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	sec, err := strconv.ParseFloat(string(first), 64)
	if err != nil || sec < 0 {
		return 0, fmt.Errorf("read /proc/uptime: %q", text)
	}
	return uint64(sec * 1e9), nil
}

func readBootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(text)), err
}
