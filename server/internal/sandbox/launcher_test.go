package sandbox

import "testing"

func TestSmoke(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		t.Logf("%+v", l.Features())
		got, st := output(t, l, spec(t, "/bin/cat", "/proc/self/status"))
		t.Logf("%s %+v", got, st)
	})
}
