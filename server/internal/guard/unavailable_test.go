package guard

import (
	"errors"
	"testing"
)

// TestUnavailable: a request with a value that this server cannot look up is
// refused, whatever the value is, and says so.
func TestUnavailable(t *testing.T) {
	for _, tt := range []struct {
		constraint, value string
		unavailable       bool
	}{
		{"{type: pid, exe: [/bin/a]}", "4711", true},
		{"{type: pid, unit: a.service}", "4711", true},
		{"{type: pid, owner: root}", "4711", true},
		{"pid", "4711", false},
		{"{type: ifname, exists: true}", "lo", true},
		{"{type: ifname, kind: veth}", "lo", true},
		{"ifname", "lo", false},
		{"{type: path, under: /etc, bind: fd}", "/etc/passwd", true},
		{"{type: path, under: /srv, access: write, create: true}", "/srv/x", true},
		{"path(/etc)", "/etc/passwd", false},
		{"int(1..9)", "5", false},
		{"{type: path, under: /etc, owner: 0}", "/etc/passwd", false},
	} {
		d := decideValue(t, tt.constraint, tt.value)
		held, err := Open(d, Host{})
		if held != nil {
			held.Close()
		}
		e, _ := errors.AsType[*Error](err)
		if (err != nil) != tt.unavailable || tt.unavailable && (e == nil || !e.Unavailable || e.ArgvIndex != 1 || e.What != "<v>") {
			t.Errorf("%s of %s: got %v, want it to be unavailable: %v", tt.value, tt.constraint, err, tt.unavailable)
		}
	}
}
