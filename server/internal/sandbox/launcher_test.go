package sandbox

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestFeatures(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		f := launcher(t, o).Features()
		absent := ""
		for _, layer := range f.Layers() {
			if !layer.Present {
				absent += layer.Name + ": " + layer.Detail + "; "
			}
		}
		want := ""
		if o.NoCgroup {
			want = "cgroup: pid namespaces instead: not wanted; clone-into-cgroup: ; "
		}
		if absent != want || f.LandlockABI < landlockScopes || f.Caps == 0 {
			t.Errorf("absent %q, want %q; %+v", absent, want, f)
		}
	})
}

// What /proc shows of the daemon must not depend on where a thread with an
// empty bounding set happens to run.
func TestMainThreadDoesNotServe(t *testing.T) {
	for range 5 {
		launcher(t, Options{Threads: 16})
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	if set := statusField(string(text), "CapBnd"); strings.Trim(set, "0") == "" {
		t.Errorf("bounding set of the main thread is %s", set)
	}
}

func TestCgroupRoot(t *testing.T) {
	l := launcher(t, Options{CgroupRoot: t.TempDir()})
	if f := l.Features(); f.TreeKill != TreeKillNamespace || f.TreeReason == "" {
		t.Errorf("in a directory that is no cgroup: %+v", f)
	}
	if _, err := start(t, l, spec(t, "/bin/true")).Wait(); err != nil {
		t.Error(err)
	}
}

func TestFeatureErrorNamesTheFeature(t *testing.T) {
	err := error(&FeatureError{"landlock", os.ErrNotExist})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "landlock: ") {
		t.Errorf("got %v", err)
	}
}
