package sandbox

import (
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Start and Wait of /bin/true in a setting like the default profile's (another
// uid, no capability, Landlock with file rules, a filter of 100 instructions),
// against os/exec of the same. Compare the two in one run: the host's load is
// in both.
func BenchmarkLaunch(b *testing.B) {
	for _, mode := range []struct {
		name string
		o    Options
	}{{"cgroup", Options{}}, {"namespace", Options{NoCgroup: true}}} {
		b.Run(mode.name, func(b *testing.B) {
			l := launcher(b, mode.o)
			s := benchSpec(b)
			for b.Loop() {
				p, err := l.Start(b.Context(), s)
				if err != nil {
					b.Fatal(err)
				}
				if st, err := p.Wait(); err != nil || st.Code != 0 {
					b.Fatal(st, err)
				}
			}
		})
	}
	b.Run("os-exec", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command("/bin/true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRatio interleaves the two, so that a change of the host's load
// cannot favour one, and reports the ratio of the sums.
func BenchmarkRatio(b *testing.B) {
	l := launcher(b, Options{})
	s := benchSpec(b)
	var ours, theirs time.Duration
	for b.Loop() {
		at := time.Now()
		p, err := l.Start(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Wait(); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(at)
		at = time.Now()
		if err := exec.Command("/bin/true").Run(); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(at)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-os/exec")
}

// BenchmarkParallel is throughput with more callers than processors.
func BenchmarkParallel(b *testing.B) {
	l := launcher(b, Options{})
	s := benchSpec(b)
	var wg sync.WaitGroup
	jobs := make(chan struct{})
	for range 16 {
		wg.Go(func() {
			for range jobs {
				p, err := l.Start(b.Context(), s)
				if err != nil {
					b.Error(err)
					continue
				}
				if _, err := p.Wait(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for b.Loop() {
		jobs <- struct{}{}
	}
	close(jobs)
	wg.Wait()
}

func benchSpec(b *testing.B) *Spec {
	b.Helper()
	s := spec(b, "/bin/true")
	s.Filter = tree(60)                            // 123 instructions
	s.Ruleset = ruleset(b, 1<<0|1<<1|1<<2|1<<3, 3) // execute, write, read, read_dir
	for _, path := range []string{"/usr", "/lib", "/lib64", "/etc", "/proc"} {
		allow(b, s.Ruleset, path, 1<<0|1<<2|1<<3)
	}
	return s
}
